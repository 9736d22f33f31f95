import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateZone } from '@durastack/contracts/infra/update-zone';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { zones } from '@durastack/store/lists/infra/zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a zone. */
@Handles(updateZone)
export class UpdateZoneHandler implements CommandHandler<typeof updateZone> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateZone>): Promise<ResultOf<typeof updateZone>> {
    const tx = autocommit(this.platform.database);
    const zone = { type: 'zone', id: params.id } as const;
    await requireRow(tx, zone);
    const updated = updateRow(tx, zone, {
      name: params.name,
      dns1: params.dns1,
      dns2: params.dns2,
      internal_dns1: params.internalDns1,
      allocation_state: params.allocationState,
    });
    await orConflict(updated, `A zone with the name ${params.name} exists already.`);
    return readOne(tx, zones, call.caller, params.id);
  }
}
