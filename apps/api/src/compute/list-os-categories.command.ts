import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listOsCategories } from '@durastack/contracts/compute/list-os-categories';
import { OS_CATEGORIES } from '@durastack/contracts/compute/os-types';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';

/** Lists families of guest operating systems. */
@Handles(listOsCategories)
export class ListOsCategoriesHandler implements CommandHandler<typeof listOsCategories> {
  async execute(_call: Call, params: ParamsOf<typeof listOsCategories>): Promise<ResultOf<typeof listOsCategories>[]> {
    return OS_CATEGORIES.filter(({ name }) => params.name === undefined || name === params.name).map(
      ({ id, name }) => ({
        id,
        name,
        isFeatured: false,
      }),
    );
  }
}
