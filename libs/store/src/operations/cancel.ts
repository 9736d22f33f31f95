import { DurastackError } from '@durastack/contracts/errors';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { endOperation, lockForEnding } from './end.js';
import { readOperation } from './operation-row.js';

/** What became of a cancel: ended at once, asked for, or there was nothing left to cancel. */
export type CancelOutcome = 'cancelled' | 'requested' | 'already-ended' | 'too-late';

/**
 * Cancels an operation as part of the caller's transaction. Queued or granted: it ends here. Running: the wish is
 * written in its row; the dispatcher signals the workflow, and repeats a lost signal.
 */
export async function cancelInTransaction(tx: Tx, operationId: string, reason: string): Promise<CancelOutcome> {
  await lockForEnding(tx, operationId);
  const operation = await readOperation(tx, operationId, 'FOR UPDATE');
  if (!operation) throw new DurastackError('NOT_FOUND', `There is no operation ${operationId}.`);
  if (operation.state === 'queued' || operation.state === 'granted') {
    const begun = operation.run > 1 || operation.direction !== 'forward';
    if (begun) return requestCancel(tx, operationId);
    await endOperation(tx, operation, {
      state: 'cancelled',
      // A row that was created in its transitional state must leave it; any other was not touched yet.
      event: operation.lifecycle.begin === undefined ? operation.lifecycle.undo : undefined,
      error: { code: 'CANCELLED', message: `Cancelled before it began: ${reason}.` },
    });
    return 'cancelled';
  }
  if (operation.state !== 'running') return 'already-ended';
  if (operation.direction === 'past-pivot') return 'too-late';
  return requestCancel(tx, operationId);
}

async function requestCancel(tx: Tx, operationId: string): Promise<CancelOutcome> {
  await tx.execute(
    'UPDATE operation SET cancel_requested_at = COALESCE(cancel_requested_at, NOW(3)), cancel_signalled = 0 WHERE id = ?',
    [operationId],
  );
  return 'requested';
}

/**
 * Cancels an operation.
 *
 * @param refuse `past-pivot`: one that only goes forward is an error; `never`: it is an outcome
 * @throws DurastackError NOT_FOUND; TOO_LATE naming the step, once it only goes forward
 */
export async function cancelOperation(
  source: DataSource,
  operationId: string,
  reason: string,
  refuse: 'past-pivot' | 'never' = 'past-pivot',
): Promise<CancelOutcome> {
  return transaction(source, async (tx) => {
    const outcome = await cancelInTransaction(tx, operationId, reason);
    if (outcome === 'too-late' && refuse === 'past-pivot') {
      const rows = await tx.query<{ step_title: string | null }>('SELECT step_title FROM operation WHERE id = ?', [
        operationId,
      ]);
      throw new DurastackError(
        'TOO_LATE',
        `Operation ${operationId} is at “${rows[0]?.step_title ?? 'its last step'}”, after which it only goes forward.`,
      );
    }
    return outcome;
  });
}
