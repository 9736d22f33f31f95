import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { addResourceDetail } from '@durastack/contracts/identity/add-resource-detail';
import { DETAILED_TYPES } from '@durastack/contracts/identity/described-resources';
import { transaction } from '@durastack/store/database/transaction';
import { putDetails } from '@durastack/store/identity/described';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireDescribed, requireDescribedType } from './described.js';

/** Puts details on something: all of them, or none. */
@Handles(addResourceDetail)
export class AddResourceDetailHandler implements CommandHandler<typeof addResourceDetail> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: ParamsOf<typeof addResourceDetail>): Promise<void> {
    const { resourceId: id, resourceType, details, forDisplay = true } = params;
    const type = requireDescribedType(DETAILED_TYPES, { parameter: 'resourcetype', name: resourceType });
    if (Object.keys(details).length === 0) throw new DurastackError('INVALID_INPUT', 'Give at least one detail.');
    await transaction(this.platform.database, async (tx) => {
      await requireDescribed(tx, caller, { type, id, parameter: 'resourceid' });
      await putDetails(tx, { type, id }, { details, forDisplay });
    });
  }
}
