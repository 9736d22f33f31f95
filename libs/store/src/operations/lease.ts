import type { Tx } from '../database/transaction.js';

/**
 * Takes or keeps a lease by the database's clock.
 *
 * @param lease `hintUrl`: where others can wake the holder
 * @returns whether the holder has it now
 */
export async function holdLease(
  tx: Tx,
  lease: { name: string; holder: string; hintUrl?: string; ttlMs: number },
): Promise<boolean> {
  const { name, holder, ttlMs } = lease;
  await tx.execute(
    `INSERT INTO lease (name, holder, hint_url, held_since, expires_at) VALUES (?, ?, ?, NOW(3), NOW(3) + INTERVAL ? MICROSECOND)
     ON DUPLICATE KEY UPDATE
       held_since = IF(expires_at < NOW(3), NOW(3), held_since),
       holder = IF(holder = VALUES(holder) OR expires_at < NOW(3), VALUES(holder), holder),
       hint_url = IF(holder = VALUES(holder), VALUES(hint_url), hint_url),
       expires_at = IF(holder = VALUES(holder), VALUES(expires_at), expires_at)`,
    [name, holder, lease.hintUrl ?? null, ttlMs * 1000],
  );
  const rows = await tx.query('SELECT 1 FROM lease WHERE name = ? AND holder = ? AND expires_at >= NOW(3)', [
    name,
    holder,
  ]);
  return rows.length > 0;
}

/**
 * For how long somebody has held a lease without a gap, by the database's clock.
 *
 * @returns milliseconds; undefined when nobody holds it
 */
export async function leaseHeldMs(tx: Tx, name: string): Promise<number | undefined> {
  const [row] = await tx.query<{ heldMs: number }>(
    'SELECT TIMESTAMPDIFF(MICROSECOND, held_since, NOW(3)) DIV 1000 AS heldMs FROM lease WHERE name = ? AND expires_at >= NOW(3)',
    [name],
  );
  return row === undefined ? undefined : Number(row.heldMs);
}

/** Gives a lease back, so that another can take it at once. */
export async function releaseLease(tx: Tx, name: string, holder: string): Promise<void> {
  await tx.execute('DELETE FROM lease WHERE name = ? AND holder = ?', [name, holder]);
}
