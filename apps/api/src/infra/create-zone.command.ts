import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createZone } from '@durastack/contracts/infra/create-zone';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { zones } from '@durastack/store/lists/infra/zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { vxlanColumns } from './vxlan-range.js';

/** Creates a zone. */
@Handles(createZone)
export class CreateZoneHandler implements CommandHandler<typeof createZone> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createZone>): Promise<ResultOf<typeof createZone>> {
    const id = newId();
    const tx = autocommit(this.platform.database);
    const inserted = insertRow(tx, 'zone', {
      id,
      name: params.name,
      dns1: params.dns1,
      dns2: params.dns2,
      internal_dns1: params.internalDns1,
      network_type: params.networkType,
      ...vxlanColumns(params.vxlanRange),
      allocation_state: params.allocationState ?? 'Enabled',
      created_at: new Date(),
    });
    await orConflict(inserted, `A zone with the name ${params.name} exists already.`);
    return readOne(tx, zones, call.caller, id);
  }
}
