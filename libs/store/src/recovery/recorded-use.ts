/** Capacity that is used as a matter of fact: recorded without asking whether there is room for it. */
import type { Tx } from '../database/transaction.js';
import { releaseHosts, releasePools } from '../operations/reservations.js';

/** A machine is on this host and on no other; null: on none. Counters follow; repeating changes nothing. */
export async function recordHostUse(tx: Tx, vmId: string, hostId: string | null): Promise<void> {
  await releaseHosts(tx, vmId, hostId ?? '');
  if (hostId === null) return;
  const { affectedRows } = await tx.execute(
    `INSERT IGNORE INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at)
     SELECT id, 'host', ?, 'run', cpu_count * cpu_mhz, memory_mib, NOW(3) FROM virtual_machine WHERE id = ?`,
    [hostId, vmId],
  );
  if (affectedRows === 0) return;
  await tx.execute(
    `UPDATE host h JOIN virtual_machine v ON v.id = ?
        SET h.cpu_mhz_reserved = h.cpu_mhz_reserved + v.cpu_count * v.cpu_mhz, h.memory_mib_reserved = h.memory_mib_reserved + v.memory_mib
      WHERE h.id = ?`,
    [vmId, hostId],
  );
}

/** A volume is on this pool and on no other; null: on none. Counters follow; repeating changes nothing. */
export async function recordPoolUse(tx: Tx, volumeId: string, poolId: string | null): Promise<void> {
  await releasePools(tx, volumeId);
  if (poolId === null) return;
  await tx.execute(
    `INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, size_bytes, created_at)
     SELECT id, 'storage-pool', ?, 'volume', size_bytes, NOW(3) FROM volume WHERE id = ?`,
    [poolId, volumeId],
  );
  await tx.execute(
    'UPDATE storage_pool p JOIN volume v ON v.id = ? SET p.reserved_bytes = p.reserved_bytes + v.size_bytes WHERE p.id = ?',
    [volumeId, poolId],
  );
}
