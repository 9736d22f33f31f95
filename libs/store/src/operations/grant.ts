import type { ResourceRef } from '@durastack/contracts/resources';
import type { Tx } from '../database/transaction.js';
import type { ResourceLock } from './state-rows.js';

/** How many waiters of one resource are looked at in one go; the sweep grants the rest. */
const LOOK_AHEAD = 200;

/**
 * Whether what is about to be accepted has to wait for what these resources' queues hold already. The caller holds
 * the resources' rows, so everything there was accepted earlier.
 *
 * @param forWhom `holders`: not for those that only wait themselves
 */
export async function mustWait(
  tx: Tx,
  locks: readonly ResourceLock[],
  forWhom: 'all' | 'holders' = 'all',
): Promise<boolean> {
  if (locks.length === 0) return false;
  const conflicts = locks.map(
    ({ mode }) => `(resource_type = ? AND resource_id = ?${mode === 'exclusive' ? '' : " AND mode = 'exclusive'"})`,
  );
  const rows = await tx.query(
    `SELECT 1 FROM operation_lock WHERE (${conflicts.join(' OR ')}) ${forWhom === 'holders' ? 'AND waiting = 0' : ''} LIMIT 1`,
    locks.flatMap(({ type, id }) => [type, id]),
  );
  return rows.length > 0;
}

/**
 * Puts an operation that was just accepted before those that wait for its resource, whose row the caller holds: it takes
 * the place of the first of them, and each of these that of the next. They hold nothing yet, and this one stands in no
 * other queue, so nobody comes to wait in a circle.
 */
export async function goAhead(tx: Tx, operationId: string, { type, id }: ResourceRef): Promise<void> {
  const places = await tx.query<{ operation: string; seq: number }>(
    `SELECT operation_id AS operation, seq FROM operation_lock
      WHERE resource_type = ? AND resource_id = ? AND (waiting = 1 OR operation_id = ?) ORDER BY seq FOR UPDATE`,
    [type, id, operationId],
  );
  const order = [operationId, ...places.map(({ operation }) => operation).filter((one) => one !== operationId)];
  for (const [index, { seq }] of places.entries())
    await tx.execute(
      'UPDATE operation_lock SET seq = ? WHERE operation_id = ? AND resource_type = ? AND resource_id = ?',
      [seq, order[index], type, id],
    );
}

/** Whether an earlier operation still stands in the way of this one. */
async function isBlocked(tx: Tx, operationId: string): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM operation_lock mine
       JOIN operation_lock other ON other.resource_type = mine.resource_type AND other.resource_id = mine.resource_id
        AND other.mode = 'exclusive' AND other.seq < mine.seq
      WHERE mine.operation_id = ?
     UNION ALL
     SELECT 1 FROM operation_lock mine
       JOIN operation_lock other ON other.resource_type = mine.resource_type AND other.resource_id = mine.resource_id
        AND other.mode = 'shared' AND other.seq < mine.seq
      WHERE mine.operation_id = ? AND mine.mode = 'exclusive' LIMIT 1`,
    [operationId, operationId],
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
  await tx.execute('UPDATE operation_lock SET waiting = 0 WHERE operation_id = ?', [operationId]);
  await tx.execute(
    "UPDATE operation SET state = 'granted', run = 1, granted_at = NOW(3), touched_at = NOW(3) WHERE id = ?",
    [operationId],
  );
  return true;
}

/**
 * Who waits, at the head of the queues of what an operation holds, in order of acceptance: those that its end may
 * set free. Usually nobody.
 */
export async function readWaitingBehind(tx: Tx, operationId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string; seq: number; resource: string; mode: string }>(
    `SELECT w.operation_id AS id, w.seq, CONCAT(w.resource_type, w.resource_id) AS resource, w.mode FROM operation_lock held
       JOIN operation_lock w ON w.resource_type = held.resource_type AND w.resource_id = held.resource_id AND w.waiting = 1
      WHERE held.operation_id = ? AND w.operation_id <> held.operation_id ORDER BY w.seq LIMIT ${LOOK_AHEAD}`,
    [operationId],
  );
  const closed = new Set<string>();
  const heads: string[] = [];
  for (const { id, resource, mode } of rows) {
    if (closed.has(resource)) continue;
    if (mode === 'exclusive') closed.add(resource);
    if (!heads.includes(id)) heads.push(id);
  }
  return heads;
}
