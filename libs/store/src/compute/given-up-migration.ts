/** What a migration that was given up leaves: a machine that may have something on two hosts. */
import type { Tx } from '../database/transaction.js';
import type { OperationRow } from '../operations/operation-row.js';

/** Past its pivot the machine is at the destination, whatever was recorded of that: it counts as being there. */
export async function recordWhereItWent(tx: Tx, { id, direction, resource }: OperationRow): Promise<void> {
  if (direction !== 'past-pivot' || resource.type !== 'virtual-machine') return;
  await tx.execute(
    `UPDATE volume d JOIN volume_copy c ON c.volume_id = d.id SET d.template_id = NULL, d.pool_id = c.target_pool_id
      WHERE c.operation_id = ? AND d.pool_id = c.source_pool_id`,
    [id],
  );
  await tx.execute(
    `UPDATE virtual_machine v JOIN vm_migration m ON m.vm_id = v.id SET v.last_host_id = m.source_host_id, v.host_id = m.destination_host_id
      WHERE v.id = ? AND m.operation_id = ? AND v.host_id = m.source_host_id`,
    [resource.id, id],
  );
}

/** The hosts of a machine's migration but the one that it is recorded on: something of it may be there too. */
export async function readOtherHosts(tx: Tx, vmId: string): Promise<string[]> {
  const rows = await tx.query<{ hostId: string }>(
    `SELECT IF(v.host_id = m.source_host_id, m.destination_host_id, m.source_host_id) AS hostId
       FROM vm_migration m JOIN virtual_machine v ON v.id = m.vm_id WHERE m.vm_id = ?`,
    [vmId],
  );
  return rows.map(({ hostId }) => hostId);
}

/** Nothing is on those hosts any more. */
export async function forgetOtherHosts(tx: Tx, vmId: string): Promise<void> {
  await tx.execute('DELETE FROM vm_migration WHERE vm_id = ?', [vmId]);
}
