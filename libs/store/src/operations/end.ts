import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '../database/transaction.js';
import { grantIfFree, readWaitingBehind } from './grant.js';
import { readLocks, type OperationRow } from './operation-row.js';
import { HAS_OPERATION, hasStates, lockRows, lockShown, tableOf, transitionIfAllowed } from './state-rows.js';

/** How an operation ends. */
export interface Ending {
  readonly state: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  /** Event of the resource's state table, raised if its state allows it. */
  readonly event?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string; readonly step?: string } | undefined;
}

const LEVELS = { succeeded: 'INFO', failed: 'ERROR', cancelled: 'WARN', skipped: 'INFO' } as const;

/** Takes the row locks that an ending needs, before the operation's own row: the order that acceptance uses. */
export async function lockForEnding(tx: Tx, operationId: string): Promise<void> {
  const locks = await readLocks(tx, operationId);
  await lockRows(tx, locks);
}

/**
 * The final commit of an operation, as part of the caller's transaction, which holds the rows of
 * {@link lockForEnding} and the operation's own: outcome, state, release of locks and claims, grants of the next.
 */
export async function endOperation(tx: Tx, operation: OperationRow, ending: Ending): Promise<void> {
  await leaveResource(tx, operation, ending.event);
  await tx.execute(
    `UPDATE operation SET state = ?, error_code = ?, error_message = ?, error_step = ?, natural_key = NULL, ended_at = NOW(3), touched_at = NOW(3)
      WHERE id = ?`,
    [ending.state, ending.error?.code ?? null, ending.error?.message ?? null, ending.error?.step ?? null, operation.id],
  );
  const waiting = await readWaitingBehind(tx, operation.id);
  await tx.execute(
    `DELETE l, c FROM operation o LEFT JOIN operation_lock l ON l.operation_id = o.id LEFT JOIN claim c ON c.operation_id = o.id WHERE o.id = ?`,
    [operation.id],
  );
  for (const id of waiting) await grantIfFree(tx, id);
  await writeEvent(tx, operation, ending);
}

/** The resource takes its new state, if its present one allows it, and shows no operation any more. */
async function leaveResource(tx: Tx, { id, resource }: OperationRow, event: string | undefined): Promise<void> {
  if (!HAS_OPERATION.has(resource.type)) {
    if (event && hasStates(resource.type)) await transitionIfAllowed(tx, resource, event);
    return;
  }
  const row = await lockShown(tx, resource);
  if (!row) return;
  const own = row.operationId === id;
  const left = own ? { from: row.state, operationId: null } : { from: row.state };
  if (event && (await transitionIfAllowed(tx, resource, event, left))) return;
  if (own) await tx.execute(`UPDATE ${tableOf(resource.type)} SET operation_id = NULL WHERE id = ?`, [resource.id]);
}

async function writeEvent(tx: Tx, operation: OperationRow, ending: Ending): Promise<void> {
  if (operation.eventType === null) return;
  const outcome =
    ending.state === 'succeeded'
      ? 'Successfully completed'
      : ending.error
        ? `${ending.state}: ${ending.error.message}`
        : ending.state;
  await tx.execute(
    `INSERT INTO event (id, account_id, domain_id, user_id, type, level, state, description, resource_type, resource_id, operation_id, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'Completed', ?, ?, ?, ?, NOW(3))`,
    [
      newId(),
      operation.accountId,
      operation.domainId,
      operation.userId,
      operation.eventType,
      LEVELS[ending.state],
      `${operation.summary}: ${outcome}`,
      operation.resource.type,
      operation.resource.id,
      operation.id,
    ],
  );
}
