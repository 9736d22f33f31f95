/** Reservations that grow with what they are for. As with all reservations, repeating takes and gives nothing twice. */
import type { Tx } from '../database/transaction.js';

/** A volume that is to take so much of its pool. */
export interface PoolGrowth {
  readonly volumeId: string;
  readonly poolId: string;
  readonly sizeBytes: number;
}

async function poolReserved(tx: Tx, { volumeId, poolId }: Pick<PoolGrowth, 'volumeId' | 'poolId'>): Promise<number> {
  const [row] = await tx.query<{ size: number }>(
    "SELECT size_bytes AS size FROM reservation WHERE owner_id = ? AND resource_type = 'storage-pool' AND resource_id = ? AND purpose = 'volume' FOR UPDATE",
    [volumeId, poolId],
  );
  return Number(row?.size ?? 0);
}

async function setPoolReserved(tx: Tx, { volumeId, poolId, sizeBytes }: PoolGrowth): Promise<void> {
  await tx.execute(
    "UPDATE reservation SET size_bytes = ? WHERE owner_id = ? AND resource_type = 'storage-pool' AND resource_id = ? AND purpose = 'volume'",
    [sizeBytes, volumeId, poolId],
  );
}

/** The volume's reservation is at least so large. False: the pool is not up or has no room; nothing was taken. */
export async function growPoolReservation(tx: Tx, growth: PoolGrowth): Promise<boolean> {
  const missing = growth.sizeBytes - (await poolReserved(tx, growth));
  if (missing <= 0) return true;
  const { affectedRows } = await tx.execute(
    `UPDATE storage_pool SET reserved_bytes = reserved_bytes + ?
      WHERE id = ? AND state = 'Up' AND reserved_bytes + ? <= capacity_bytes * overprovisioning`,
    [missing, growth.poolId, missing],
  );
  if (affectedRows === 0) return false;
  await setPoolReserved(tx, growth);
  return true;
}

/** The volume's reservation is no larger than that. */
export async function shrinkPoolReservation(tx: Tx, growth: PoolGrowth): Promise<void> {
  const surplus = (await poolReserved(tx, growth)) - growth.sizeBytes;
  if (surplus <= 0) return;
  await setPoolReserved(tx, growth);
  await tx.execute('UPDATE storage_pool SET reserved_bytes = reserved_bytes - ? WHERE id = ?', [
    surplus,
    growth.poolId,
  ]);
}

/** A machine that is to take so much of its host. */
export interface HostGrowth {
  readonly vmId: string;
  readonly hostId: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

async function hostReserved(tx: Tx, { vmId, hostId }: HostGrowth): Promise<{ cpuMhz: number; memoryMib: number }> {
  const [row] = await tx.query<{ cpuMhz: number; memoryMib: number }>(
    "SELECT cpu_mhz AS cpuMhz, memory_mib AS memoryMib FROM reservation WHERE owner_id = ? AND resource_type = 'host' AND resource_id = ? AND purpose = 'run' FOR UPDATE",
    [vmId, hostId],
  );
  return { cpuMhz: Number(row?.cpuMhz ?? 0), memoryMib: Number(row?.memoryMib ?? 0) };
}

/** What hosts offer beyond, or below, what they have; see `HostReservation`. */
export interface HostOffer {
  readonly cpuOvercommit: number;
  readonly hostMemoryMib: number;
}

/**
 * The machine's reservation on its host is just so large.
 *
 * @param offer limits that more must not exceed; absent: less is taken than before, which is always possible
 * @returns false when the host is not up or has no room; nothing was taken
 */
export async function setHostReservation(tx: Tx, growth: HostGrowth, offer?: HostOffer): Promise<boolean> {
  const before = await hostReserved(tx, growth);
  const [cpuMhz, memoryMib] = [growth.cpuMhz - before.cpuMhz, growth.memoryMib - before.memoryMib];
  if (cpuMhz === 0 && memoryMib === 0) return true;
  const within = offer
    ? "AND state = 'Up' AND cpu_mhz_reserved + ? <= cpu_count * cpu_mhz * ? AND memory_mib_reserved + ? <= memory_mib - ?"
    : '';
  const { affectedRows } = await tx.execute(
    `UPDATE host SET cpu_mhz_reserved = cpu_mhz_reserved + ?, memory_mib_reserved = memory_mib_reserved + ? WHERE id = ? ${within}`,
    [cpuMhz, memoryMib, growth.hostId, ...(offer ? [cpuMhz, offer.cpuOvercommit, memoryMib, offer.hostMemoryMib] : [])],
  );
  if (affectedRows === 0) return false;
  await tx.execute(
    "UPDATE reservation SET cpu_mhz = ?, memory_mib = ? WHERE owner_id = ? AND resource_type = 'host' AND resource_id = ? AND purpose = 'run'",
    [growth.cpuMhz, growth.memoryMib, growth.vmId, growth.hostId],
  );
  return true;
}
