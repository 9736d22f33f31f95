import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DETAILED_TYPES } from '@durastack/contracts/identity/described-resources';
import { listDetailOptions } from '@durastack/contracts/identity/list-detail-options';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireDescribed, requireDescribedType } from './described.js';

/** Says which details mean something: none does, but clients ask before they show those that there are. */
@Handles(listDetailOptions)
export class ListDetailOptionsHandler implements CommandHandler<typeof listDetailOptions> {
  constructor(private readonly platform: Platform) {}

  async execute(
    { caller }: Call,
    { resourceType, resourceId: id }: ParamsOf<typeof listDetailOptions>,
  ): Promise<ResultOf<typeof listDetailOptions>> {
    const type = requireDescribedType(DETAILED_TYPES, { parameter: 'resourcetype', name: resourceType });
    if (id !== undefined)
      await requireDescribed(autocommit(this.platform.database), caller, { type, id, parameter: 'resourceid' });
    return { details: {} };
  }
}
