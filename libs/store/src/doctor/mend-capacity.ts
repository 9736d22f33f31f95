/** Mends reservations and counters, under the locks that steps take, and after another look. */
import { transaction, type Tx } from '../database/transaction.js';
import type { DataSource } from 'typeorm';

/** A reservation by what it is of. */
export interface ReservationKey {
  readonly ownerId: string;
  readonly resourceType: 'host' | 'storage-pool';
  readonly resourceId: string;
}

interface Owner {
  /** Where the owner is: its host or its pool; null when nowhere. */
  readonly place: string | null;
  readonly operationId: string | null;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly sizeBytes: number;
}

/** The owner, its machine's row locked. Undefined when there is none. */
async function lockOwner(tx: Tx, { ownerId, resourceType }: ReservationKey): Promise<Owner | undefined> {
  const ownedBy = resourceType === 'host' ? '?' : '(SELECT vm_id FROM volume WHERE id = ?)';
  const [vm] = await tx.query<Owner>(
    `SELECT host_id AS place, operation_id AS operationId, cpu_count * cpu_mhz AS cpuMhz, memory_mib AS memoryMib, 0 AS sizeBytes
       FROM virtual_machine WHERE id = ${ownedBy} FOR UPDATE`,
    [ownerId],
  );
  if (resourceType === 'host') return vm;
  const [volume] = await tx.query<{ place: string | null; sizeBytes: number }>(
    "SELECT IF(state IN ('Ready', 'Destroy'), pool_id, NULL) AS place, size_bytes AS sizeBytes FROM volume WHERE id = ? FOR UPDATE",
    [ownerId],
  );
  return volume && { ...volume, operationId: vm?.operationId ?? null, cpuMhz: 0, memoryMib: 0 };
}

async function count(
  tx: Tx,
  { resourceType, resourceId }: ReservationKey,
  change: Omit<Owner, 'place' | 'operationId'>,
) {
  if (resourceType === 'host') {
    await tx.execute(
      'UPDATE host SET cpu_mhz_reserved = cpu_mhz_reserved + ?, memory_mib_reserved = memory_mib_reserved + ? WHERE id = ?',
      [change.cpuMhz, change.memoryMib, resourceId],
    );
  } else {
    await tx.execute('UPDATE storage_pool SET reserved_bytes = reserved_bytes + ? WHERE id = ?', [
      change.sizeBytes,
      resourceId,
    ]);
  }
}

/** Deletes a reservation whose owner is not there, and gives its capacity back. */
export function deleteOrphanReservation(
  source: DataSource,
  key: ReservationKey & { purpose: string },
): Promise<boolean> {
  return transaction(source, async (tx) => {
    const owner = await lockOwner(tx, key);
    if (owner && (owner.operationId !== null || owner.place === key.resourceId)) return false;
    const where = 'owner_id = ? AND resource_type = ? AND resource_id = ? AND purpose = ?';
    const which = [key.ownerId, key.resourceType, key.resourceId, key.purpose];
    const [row] = await tx.query<{ cpuMhz: number; memoryMib: number; sizeBytes: number }>(
      `SELECT cpu_mhz AS cpuMhz, memory_mib AS memoryMib, size_bytes AS sizeBytes FROM reservation WHERE ${where} FOR UPDATE`,
      which,
    );
    if (!row) return false;
    await tx.execute(`DELETE FROM reservation WHERE ${where}`, which);
    await count(tx, key, { cpuMhz: -row.cpuMhz, memoryMib: -row.memoryMib, sizeBytes: -row.sizeBytes });
    return true;
  });
}

/** Reserves what an owner takes where it is, whether there is room or not. */
export function insertMissingReservation(source: DataSource, key: ReservationKey): Promise<boolean> {
  return transaction(source, async (tx) => {
    const owner = await lockOwner(tx, key);
    if (!owner || owner.operationId !== null || owner.place !== key.resourceId) return false;
    const { cpuMhz, memoryMib, sizeBytes } = owner;
    const purpose = key.resourceType === 'host' ? 'run' : 'volume';
    const { affectedRows } = await tx.execute(
      `INSERT IGNORE INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, size_bytes, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, NOW(3))`,
      [key.ownerId, key.resourceType, key.resourceId, purpose, cpuMhz, memoryMib, sizeBytes],
    );
    if (affectedRows > 0) await count(tx, key, { cpuMhz, memoryMib, sizeBytes });
    return affectedRows > 0;
  });
}

/** Sets a counter to the sum of the reservations. Whoever changes them meanwhile waits for the row that is locked here. */
export function recount(source: DataSource, type: 'host' | 'storage-pool', id: string): Promise<boolean> {
  return transaction(source, async (tx) => {
    const table = type === 'host' ? 'host' : 'storage_pool';
    await tx.query(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id]);
    const sum = (column: string): string =>
      `(SELECT COALESCE(SUM(r.${column}), 0) FROM reservation r WHERE r.resource_type = '${type}' AND r.resource_id = ${table}.id)`;
    const set =
      type === 'host'
        ? `cpu_mhz_reserved = ${sum('cpu_mhz')}, memory_mib_reserved = ${sum('memory_mib')}`
        : `reserved_bytes = ${sum('size_bytes')}`;
    const { affectedRows } = await tx.execute(`UPDATE ${table} SET ${set} WHERE id = ?`, [id]);
    return affectedRows > 0;
  });
}
