import type { ResourceRef } from '@durastack/contracts/resources';
import type { Tx } from '../database/transaction.js';

/** How many waiters of one resource are looked at in one go; the sweep grants the rest. */
const LOOK_AHEAD = 200;

/** Whether an earlier operation still stands in the way of this one. */
export async function isBlocked(tx: Tx, operationId: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM operation_lock mine
       JOIN operation_lock other ON other.resource_type = mine.resource_type AND other.resource_id = mine.resource_id
        AND other.seq < mine.seq AND (other.mode = 'exclusive' OR mine.mode = 'exclusive')
      WHERE mine.operation_id = ? LIMIT 1`,
    [operationId],
  );
  return rows.length > 0;
}

/**
 * Grants a queued operation if nothing earlier conflicts.
 *
 * Its row is locked before the question is asked: of two transactions that each release one of its locks, the
 * later one sees the other's release.
 */
export async function grantIfFree(tx: Tx, operationId: string): Promise<boolean> {
  const rows = await tx.query("SELECT id FROM operation WHERE id = ? AND state = 'queued' FOR UPDATE", [operationId]);
  if (rows.length === 0 || (await isBlocked(tx, operationId))) return false;
  await tx.execute(
    "UPDATE operation SET state = 'granted', run = 1, granted_at = NOW(3), touched_at = NOW(3) WHERE id = ?",
    [operationId],
  );
  return true;
}

/** Grants what waits at the head of these resources' queues, in order of acceptance. Returns how many. */
export async function grantWaiting(tx: Tx, resources: readonly ResourceRef[]): Promise<number> {
  const waiting = new Map<string, number>();
  for (const { type, id } of resources) {
    const rows = await tx.query<{ operation_id: string; seq: number; mode: string }>(
      `SELECT l.operation_id, l.seq, l.mode FROM operation_lock l
        WHERE l.resource_type = ? AND l.resource_id = ? ORDER BY l.seq LIMIT ${LOOK_AHEAD}`,
      [type, id],
    );
    for (const [position, row] of rows.entries()) {
      if (row.mode === 'exclusive' && position > 0) break;
      waiting.set(row.operation_id, row.seq);
      if (row.mode === 'exclusive') break;
    }
  }
  let granted = 0;
  for (const [operationId] of [...waiting].sort((a, b) => a[1] - b[1])) {
    if (await grantIfFree(tx, operationId)) granted += 1;
  }
  return granted;
}
