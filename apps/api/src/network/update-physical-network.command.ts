import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updatePhysicalNetwork } from '@durastack/contracts/network/update-physical-network';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { physicalNetworks } from '@durastack/store/lists/network/physical-networks.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { adoptVxlanRange } from '../infra/vxlan-range.js';
import { Platform } from '../platform.js';
import { joined, requireRecord, updateRecord } from './physical-network-rows.js';

/** Changes what is recorded of a physical network. */
@Handles(updatePhysicalNetwork)
export class UpdatePhysicalNetworkHandler implements CommandHandler<typeof updatePhysicalNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updatePhysicalNetwork>,
  ): Promise<ResultOf<typeof updatePhysicalNetwork>> {
    const { database } = this.platform;
    const { id, state, networkSpeed, tags, vlan } = params;
    await transaction(database, async (tx) => {
      const [row] = await tx.query<{ zoneId: string; isolation: string }>(
        'SELECT zone_id AS zoneId, isolation_methods AS isolation FROM physical_network WHERE id = ?',
        [id],
      );
      if (row) await requireRow(tx, { type: 'zone', id: row.zoneId }, { lock: 'update' });
      await requireRecord(tx, 'physical_network', id);
      const columns = { state, network_speed: networkSpeed, tags: joined(tags), vlan };
      await updateRecord(tx, { table: 'physical_network', id }, columns);
      if (row) await adoptVxlanRange(tx, { ...row, vlan });
    });
    return readOne(autocommit(database), physicalNetworks, call.caller, id);
  }
}
