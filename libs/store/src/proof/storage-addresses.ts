/** The addresses by which hosts reach the clusters of rbd pools, as they report them. */
import type { Tx } from '../database/transaction.js';

/** What one host reported. */
export interface ReportedAddresses {
  readonly hostId: string;
  readonly bootId: string;
  readonly pools: readonly { readonly id: string; readonly addresses?: readonly string[] | undefined }[];
}

/**
 * Registers them. An address stays registered for the whole boot: what was opened by it may still be open. Nothing is
 * written while nothing has changed.
 */
export async function noteStorageAddresses(tx: Tx, reported: readonly ReportedAddresses[]): Promise<void> {
  const seen = reported.flatMap(({ hostId, bootId, pools }) =>
    pools.flatMap(({ id, addresses = [] }) => addresses.map((address) => ({ hostId, bootId, poolId: id, address }))),
  );
  if (seen.length === 0) return;
  const known = await tx.query<{ hostId: string; poolId: string; address: string; bootId: string }>(
    'SELECT host_id AS hostId, pool_id AS poolId, address, boot_id AS bootId FROM host_storage_address WHERE host_id IN (?)',
    [[...new Set(seen.map(({ hostId }) => hostId))]],
  );
  const keys = new Set(known.map(keyOf));
  for (const one of seen.filter((address) => !keys.has(keyOf(address))))
    await tx.execute(
      `INSERT INTO host_storage_address (host_id, pool_id, address, boot_id, created_at) VALUES (?, ?, ?, ?, NOW(3))
       ON DUPLICATE KEY UPDATE boot_id = VALUES(boot_id)`,
      [one.hostId, one.poolId, one.address, one.bootId],
    );
}

const keyOf = (one: { hostId: string; poolId: string; address: string; bootId: string }): string =>
  `${one.hostId} ${one.poolId} ${one.address} ${one.bootId}`;

/** Addresses of a host at a pool, and which other hosts say the same one is theirs. */
export interface RegisteredAddress {
  readonly address: string;
  /** Names of others. Shutting it out would shut them out too. */
  readonly alsoOf: readonly string[];
}

/** Every address by which a host was ever known at a pool, since it was last released. */
export async function readStorageAddresses(
  tx: Tx,
  { hostId, poolId }: { readonly hostId: string; readonly poolId: string },
): Promise<RegisteredAddress[]> {
  const rows = await tx.query<{ address: string; other: string | null }>(
    `SELECT a.address, h.name AS other FROM host_storage_address a
       LEFT JOIN (host_storage_address b JOIN host h ON h.id = b.host_id AND h.state <> 'Removed') ON b.address = a.address AND b.host_id <> a.host_id
      WHERE a.host_id = ? AND a.pool_id = ? ORDER BY a.address, h.name`,
    [hostId, poolId],
  );
  const found = new Map<string, string[]>();
  for (const { address, other } of rows) {
    const others = found.get(address) ?? [];
    if (other !== null && !others.includes(other)) others.push(other);
    found.set(address, others);
  }
  return [...found].map(([address, alsoOf]) => ({ address, alsoOf }));
}

/** Forgets those of earlier boots: nothing that used them runs any more. */
export async function forgetOlderAddresses(tx: Tx, hostId: string): Promise<void> {
  await tx.execute(
    'DELETE a FROM host_storage_address a JOIN host h ON h.id = a.host_id WHERE a.host_id = ? AND a.boot_id <> h.boot_id',
    [hostId],
  );
}
