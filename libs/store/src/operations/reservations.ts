/**
 * Capacity as rows: inserting or deleting a reservation and changing the counter is one transaction, conditional
 * on the row, so that repeating reserves and releases nothing twice.
 */
import type { Tx } from '../database/transaction.js';

/** Claims: this operation uses the resources, which it chose after acceptance. Their removal waits for it. */
export async function claim(
  tx: Tx,
  operationId: string,
  resources: readonly { type: 'host' | 'storage-pool'; id: string }[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO claim (resource_type, resource_id, operation_id, created_at) VALUES ${resources.map(() => '(?, ?, ?, NOW(3))').join(', ')}
     ON DUPLICATE KEY UPDATE operation_id = operation_id`,
    resources.flatMap(({ type, id }) => [type, id, operationId]),
  );
}

/** What running a machine takes of a host. Limits are what the host offers after overcommit. */
export interface HostReservation {
  readonly ownerId: string;
  readonly hostId: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  /** How many times its processors a host offers. */
  readonly cpuOvercommit: number;
  /** Memory that is kept for the host itself. */
  readonly hostMemoryMib: number;
}

async function hasReservation(
  tx: Tx,
  key: { ownerId: string; type: string; id: string; purpose: string },
): Promise<boolean> {
  const rows = await tx.query(
    'SELECT 1 FROM reservation WHERE owner_id = ? AND resource_type = ? AND resource_id = ? AND purpose = ?',
    [key.ownerId, key.type, key.id, key.purpose],
  );
  return rows.length > 0;
}

/**
 * Takes CPU and memory of a host that is up, enabled and has room for both.
 *
 * @returns false when it has not: nothing was taken, try the next candidate
 */
export async function reserveHost(tx: Tx, reservation: HostReservation): Promise<boolean> {
  const { ownerId, hostId, cpuMhz, memoryMib } = reservation;
  const taken = await tx.execute(
    `UPDATE host SET cpu_mhz_reserved = cpu_mhz_reserved + ?, memory_mib_reserved = memory_mib_reserved + ?
      WHERE id = ? AND state = 'Up' AND allocation_state = 'Enabled' AND NOT EXISTS (SELECT 1 FROM host_shut_out s WHERE s.host_id = host.id)
        AND cpu_mhz_reserved + ? <= cpu_count * cpu_mhz * ? AND memory_mib_reserved + ? <= memory_mib - ?
        AND NOT EXISTS (SELECT 1 FROM reservation r WHERE r.owner_id = ? AND r.resource_type = 'host' AND r.resource_id = ? AND r.purpose = 'run')`,
    [
      cpuMhz,
      memoryMib,
      hostId,
      cpuMhz,
      reservation.cpuOvercommit,
      memoryMib,
      reservation.hostMemoryMib,
      ownerId,
      hostId,
    ],
  );
  if (taken.affectedRows === 0) return hasReservation(tx, { ownerId, type: 'host', id: hostId, purpose: 'run' });
  await tx.execute(
    `INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at) VALUES (?, 'host', ?, 'run', ?, ?, NOW(3))`,
    [ownerId, hostId, cpuMhz, memoryMib],
  );
  return true;
}

/** Gives back what a machine's run takes of hosts; of all hosts but `exceptHostId` when given. */
export async function releaseHosts(tx: Tx, ownerId: string, exceptHostId = ''): Promise<void> {
  const rows = await tx.query<{ resource_id: string; cpu_mhz: number; memory_mib: number }>(
    `SELECT resource_id, cpu_mhz, memory_mib FROM reservation
      WHERE owner_id = ? AND resource_type = 'host' AND purpose = 'run' AND resource_id <> ? ORDER BY resource_id FOR UPDATE`,
    [ownerId, exceptHostId],
  );
  for (const row of rows) {
    await tx.execute(
      "DELETE FROM reservation WHERE owner_id = ? AND resource_type = 'host' AND resource_id = ? AND purpose = 'run'",
      [ownerId, row.resource_id],
    );
    await tx.execute(
      'UPDATE host SET cpu_mhz_reserved = cpu_mhz_reserved - ?, memory_mib_reserved = memory_mib_reserved - ? WHERE id = ?',
      [row.cpu_mhz, row.memory_mib, row.resource_id],
    );
  }
}

/** What a volume takes of a pool. Volumes are thin: a pool offers `overprovisioning` times its size. */
export interface PoolReservation {
  readonly volumeId: string;
  readonly poolId: string;
  readonly sizeBytes: number;
}

/** Takes room of a pool that is up and enabled. False: no room; nothing was taken. */
export async function reservePool(tx: Tx, reservation: PoolReservation): Promise<boolean> {
  const { volumeId, poolId, sizeBytes } = reservation;
  const taken = await tx.execute(
    `UPDATE storage_pool SET reserved_bytes = reserved_bytes + ?
      WHERE id = ? AND state = 'Up' AND allocation_state = 'Enabled' AND reserved_bytes + ? <= capacity_bytes * overprovisioning
        AND NOT EXISTS (SELECT 1 FROM reservation r WHERE r.owner_id = ? AND r.resource_type = 'storage-pool' AND r.resource_id = ? AND r.purpose = 'volume')`,
    [sizeBytes, poolId, sizeBytes, volumeId, poolId],
  );
  if (taken.affectedRows === 0)
    return hasReservation(tx, { ownerId: volumeId, type: 'storage-pool', id: poolId, purpose: 'volume' });
  await tx.execute(
    `INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, size_bytes, created_at) VALUES (?, 'storage-pool', ?, 'volume', ?, NOW(3))`,
    [volumeId, poolId, sizeBytes],
  );
  return true;
}

/** Gives back a volume's room; on all pools but `exceptPoolId` when given. */
export async function releasePools(tx: Tx, volumeId: string, exceptPoolId = ''): Promise<void> {
  const rows = await tx.query<{ resource_id: string; size_bytes: number }>(
    "SELECT resource_id, size_bytes FROM reservation WHERE owner_id = ? AND resource_type = 'storage-pool' AND purpose = 'volume' AND resource_id <> ? ORDER BY resource_id FOR UPDATE",
    [volumeId, exceptPoolId],
  );
  for (const row of rows) {
    await tx.execute(
      "DELETE FROM reservation WHERE owner_id = ? AND resource_type = 'storage-pool' AND resource_id = ? AND purpose = 'volume'",
      [volumeId, row.resource_id],
    );
    await tx.execute('UPDATE storage_pool SET reserved_bytes = reserved_bytes - ? WHERE id = ?', [
      row.size_bytes,
      row.resource_id,
    ]);
  }
}
