import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deletePhysicalNetwork } from '@durastack/contracts/network/delete-physical-network';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireRecord } from './physical-network-rows.js';

/** Forgets a physical network. */
@Handles(deletePhysicalNetwork)
export class DeletePhysicalNetworkHandler implements CommandHandler<typeof deletePhysicalNetwork> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deletePhysicalNetwork>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      await requireRecord(tx, 'physical_network', params.id);
      await refuseWithRanges(tx, params.id);
      for (const table of ['traffic_type', 'network_service_provider'])
        await tx.execute(`DELETE FROM ${table} WHERE physical_network_id = ?`, [params.id]);
      await tx.execute('DELETE FROM physical_network WHERE id = ?', [params.id]);
    });
  }
}

async function refuseWithRanges(tx: Tx, id: string): Promise<void> {
  const [row] = await tx.query<{ n: number }>('SELECT COUNT(*) AS n FROM vlan_ip_range WHERE physical_network_id = ?', [
    id,
  ]);
  const ranges = Number(row?.n);
  if (ranges > 0)
    throw new DurastackError(
      'CONFLICT',
      `The physical network ${id} is in use: remove its ${ranges} ranges of public addresses first.`,
    );
}
