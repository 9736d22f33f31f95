import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateZone } from '@durastack/contracts/infra/update-zone';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { zones } from '@durastack/store/lists/infra/zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireFits, vxlanColumns } from './vxlan-range.js';

/** Changes a zone. */
@Handles(updateZone)
export class UpdateZoneHandler implements CommandHandler<typeof updateZone> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateZone>): Promise<ResultOf<typeof updateZone>> {
    const { database } = this.platform;
    await transaction(database, (tx) => change(tx, params));
    return readOne(autocommit(database), zones, call.caller, params.id);
  }
}

async function change(tx: Tx, params: ParamsOf<typeof updateZone>): Promise<void> {
  const zone = { type: 'zone', id: params.id } as const;
  await requireRow(tx, zone, { lock: 'update' });
  const { vxlanRange } = params;
  if (vxlanRange !== undefined) await requireFits(tx, params.id, vxlanRange);
  const updated = updateRow(tx, zone, {
    name: params.name,
    dns1: params.dns1,
    dns2: params.dns2,
    internal_dns1: params.internalDns1,
    allocation_state: params.allocationState,
    ...vxlanColumns(vxlanRange),
  });
  await orConflict(updated, `A zone with the name ${params.name} exists already.`);
}
