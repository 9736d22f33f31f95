/** Addresses that were shut out of clusters, so that they can be let in again, whoever remembers. */
import type { Tx } from '../database/transaction.js';

/** An address of a host at a pool. */
export interface ShutOut {
  readonly hostId: string;
  readonly poolId: string;
  readonly address: string;
}

/** Written before the cluster is asked. */
export async function noteShutOut(tx: Tx, { hostId, poolId, address }: ShutOut): Promise<void> {
  await tx.execute(
    `INSERT INTO host_shut_out (host_id, pool_id, address, created_at) VALUES (?, ?, ?, NOW(3))
     ON DUPLICATE KEY UPDATE address = VALUES(address)`,
    [hostId, poolId, address],
  );
}

/** Everything that was shut out of a host's. */
export function readShutOut(tx: Tx, hostId: string): Promise<ShutOut[]> {
  return tx.query<ShutOut>(
    `SELECT s.host_id AS hostId, s.pool_id AS poolId, s.address FROM host_shut_out s
       JOIN storage_pool p ON p.id = s.pool_id AND p.state <> 'Removed' WHERE s.host_id = ? ORDER BY s.pool_id, s.address`,
    [hostId],
  );
}

/** It was let in again. */
export async function forgetShutOut(tx: Tx, { hostId, poolId, address }: ShutOut): Promise<void> {
  await tx.execute('DELETE FROM host_shut_out WHERE host_id = ? AND pool_id = ? AND address = ?', [
    hostId,
    poolId,
    address,
  ]);
}

/** Whether a host that was fenced has been started anew since, by its own word. */
export async function readReturn(tx: Tx, hostId: string): Promise<{ name: string; isNewBoot: boolean }> {
  const [row] = await tx.query<{ name: string; now: string | null; before: string | null }>(
    'SELECT h.name, h.boot_id AS now, f.boot_id_before AS `before` FROM host h LEFT JOIN host_fence f ON f.host_id = h.id WHERE h.id = ?',
    [hostId],
  );
  const { name = hostId, now = null, before = null } = row ?? {};
  return { name, isNewBoot: now !== null && before !== null && now !== before };
}
