import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listOsTypes } from '@durastack/contracts/compute/list-os-types';
import { OS_CATEGORIES, OS_TYPES } from '@durastack/contracts/compute/os-types';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

const names = new Map(OS_CATEGORIES.map(({ id, name }) => [id, name]));

/** Lists kinds of guest operating systems. */
@Handles(listOsTypes)
export class ListOsTypesHandler implements CommandHandler<typeof listOsTypes> {
  async execute(_call: Call, params: ParamsOf<typeof listOsTypes>): Promise<ResultOf<typeof listOsTypes>[]> {
    return OS_TYPES.filter(
      (type) =>
        (params.osCategoryId === undefined || type.categoryId === params.osCategoryId) &&
        (params.description === undefined || type.name.toLowerCase() === params.description.toLowerCase()),
    ).map(({ id, name, categoryId }) => ({
      id,
      name,
      description: name,
      osCategoryId: categoryId,
      osCategoryName: names.get(categoryId) ?? '',
      isUserDefined: false,
      forDisplay: true,
    }));
  }
}
