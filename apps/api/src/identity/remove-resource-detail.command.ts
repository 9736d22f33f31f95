import type { ParamsOf } from '@durastack/contracts/command';
import { DETAILED_TYPES } from '@durastack/contracts/identity/described-resources';
import { removeResourceDetail } from '@durastack/contracts/identity/remove-resource-detail';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireDescribed, requireDescribedType } from './described.js';

/** Takes details off something; what is not there needs no taking. */
@Handles(removeResourceDetail)
export class RemoveResourceDetailHandler implements CommandHandler<typeof removeResourceDetail> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: ParamsOf<typeof removeResourceDetail>): Promise<void> {
    const { resourceId: id, resourceType, key } = params;
    const type = requireDescribedType(DETAILED_TYPES, { parameter: 'resourcetype', name: resourceType });
    await transaction(this.platform.database, async (tx) => {
      await requireDescribed(tx, caller, { type, id, parameter: 'resourceid' });
      const all = 'DELETE FROM resource_detail WHERE resource_type = ? AND resource_id = ?';
      if (key === undefined) await tx.execute(all, [type, id]);
      else await tx.execute(`${all} AND name = ?`, [type, id, key]);
    });
  }
}
