/**
 * Needs-attention: how an operation gets there, and the three ways out that an administrator has.
 *
 * Whatever is decided, a machine's host and reservation stay as they are: as long as a domain may be on a host, its
 * location is known, and nothing starts it elsewhere before that host was asked.
 */
import type { AttentionDecision } from '@durastack/contracts/operations/attention';
import { DurastackError } from '@durastack/contracts/errors';
import type { AttentionFailure, RunRef } from '@durastack/contracts/operations/step';
import type { DataSource } from 'typeorm';
import { recordWhereItWent } from '../compute/given-up-migration.js';
import { transaction, type Tx } from '../database/transaction.js';
import { attentionReason, raiseAlert } from '../doctor/alerts.js';
import { leaveLostMachines } from '../ha/abandoned-machines.js';
import { refuseInRecovery } from '../recovery/recovery-state.js';
import { endOperation, lockForEnding } from './end.js';
import { readLocks, readOperation, type OperationRow } from './operation-row.js';
import { writeRemnants } from './remnants.js';
import { lockRows, type ResourceLock } from './state-rows.js';

/**
 * Stops an operation for a person to look at, as part of the caller's transaction, which has checked its run. It
 * keeps its locks. What waits behind it fails with the reason; but what asks for the end of its resource takes over.
 */
export async function stopForAttention(tx: Tx, run: RunRef, failure: AttentionFailure): Promise<'stopped' | 'stale'> {
  const behind = await readBehind(tx, run.operationId);
  await lockAll(tx, [run.operationId, ...behind]);
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) return 'stale';
  if (operation.state !== 'running') return 'stopped';
  await tx.execute(
    `UPDATE operation SET state = 'needs-attention', attention_cause = ?, turned_back_json = ?, decision = NULL,
       error_code = ?, error_message = ?, error_step = ?, touched_at = NOW(3) WHERE id = ?`,
    [
      failure.code,
      operation.error === undefined ? null : JSON.stringify(operation.error),
      failure.code,
      failure.message.slice(0, 4000),
      failure.step ?? null,
      run.operationId,
    ],
  );
  const stuck = { ...operation, state: 'needs-attention', error: failure };
  const taker = await takingOver(tx, stuck);
  if (taker === undefined) {
    await failBehind(tx, stuck, behind);
    await raiseAlert(tx, attentionReason(operation, failure.message));
  } else await giveUp(tx, stuck, `${taker.summary} takes over`);
  return 'stopped';
}

/** Queued operations that wait for this one. */
async function readBehind(tx: Tx, operationId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT DISTINCT waiting.operation_id AS id FROM operation_lock held
       JOIN operation_lock waiting ON waiting.resource_type = held.resource_type AND waiting.resource_id = held.resource_id
        AND waiting.waiting = 1 AND waiting.seq > held.seq AND (waiting.mode = 'exclusive' OR held.mode = 'exclusive')
       JOIN operation o ON o.id = waiting.operation_id
      WHERE held.operation_id = ? AND o.state = 'queued'`,
    [operationId],
  );
  return rows.map(({ id }) => id);
}

/** Takes the row locks of several operations in the one global order. */
async function lockAll(tx: Tx, operationIds: readonly string[]): Promise<void> {
  const strongest = new Map<string, ResourceLock>();
  for (const id of operationIds) {
    for (const lock of await readLocks(tx, id)) {
      const key = `${lock.type} ${lock.id}`;
      if (lock.mode === 'exclusive' || !strongest.has(key)) strongest.set(key, lock);
    }
  }
  await lockRows(tx, [...strongest.values()]);
}

/** What waits to end the very resource that this operation is stuck on. */
async function takingOver(tx: Tx, { resource }: OperationRow): Promise<{ summary: string } | undefined> {
  const rows = await tx.query<{ summary: string }>(
    `SELECT summary FROM operation
      WHERE resource_type = ? AND resource_id = ? AND state = 'queued' AND supersedes = 1 ORDER BY seq LIMIT 1`,
    [resource.type, resource.id],
  );
  return rows[0];
}

/** What waits behind an operation that needs attention would wait for a person: it fails now, with the reason. */
async function failBehind(tx: Tx, stuck: OperationRow, behind: readonly string[]): Promise<void> {
  for (const id of behind) {
    const operation = await readOperation(tx, id, 'FOR UPDATE');
    if (operation?.state !== 'queued') continue;
    await endOperation(tx, operation, {
      state: 'failed',
      event: operation.lifecycle.begin === undefined ? operation.lifecycle.undo : undefined,
      error: {
        code: 'BUSY',
        message: `Operation ${stuck.id} before it (${stuck.summary}) needs an administrator's attention: ${stuck.error?.message ?? ''}`,
      },
    });
  }
}

/**
 * Ends an operation that needs attention where it stands, as part of the caller's transaction. The resource becomes
 * an error if its state table knows one; what may be left behind is noted.
 *
 * @param why `given up by admin/admin`
 */
export async function giveUp(tx: Tx, operation: OperationRow, why: string): Promise<void> {
  await recordWhereItWent(tx, operation);
  await writeRemnants(tx, operation);
  if (operation.resource.type === 'host') await forgetHost(tx, operation.resource.id);
  if (operation.kind === 'failOverHost')
    await leaveLostMachines(tx, {
      operationId: operation.id,
      hostId: operation.resource.id,
      isPastPivot: operation.direction === 'past-pivot',
    });
  await tx.execute('DELETE FROM volume_copy WHERE operation_id = ?', [operation.id]);
  const { code, message, step } = operation.error ?? { code: 'UNDO_FAILED', message: 'No reason was recorded.' };
  await endOperation(tx, operation, {
    state: 'failed',
    event: 'GivenUp',
    error: { code, message: `${message} Ended here: ${why}.`, ...(step === undefined ? {} : { step }) },
  });
}

/** A host whose enrolment or removal was given up: its certificate counts no more, and its secrets have served. */
async function forgetHost(tx: Tx, hostId: string): Promise<void> {
  await tx.execute(
    `UPDATE host SET certificate_serial = NULL, next_certificate_serial = NULL, certificate_expires_at = NULL, enrolment_sealed = NULL
      WHERE id = ? AND state IN ('Creating', 'Removing')`,
    [hostId],
  );
}

/** What an administrator decides, and who it is. */
export interface Decision {
  readonly operationId: string;
  readonly decision: AttentionDecision;
  /** `admin/admin`, for the record. */
  readonly by: string;
}

/**
 * Carries out what was decided about an operation that needs attention. Repeating the last decision changes nothing.
 *
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE when it does not need attention; TOO_LATE when it is to be
 *   undone but has passed its point of no return
 */
export async function decide(source: DataSource, decision: Decision): Promise<void> {
  await transaction(source, async (tx) => {
    await refuseInRecovery(tx);
    await lockForEnding(tx, decision.operationId);
    const operation = await readOperation(tx, decision.operationId, 'FOR UPDATE');
    if (!operation) throw new DurastackError('NOT_FOUND', `There is no operation ${decision.operationId}.`);
    if (operation.state !== 'needs-attention') return refuseUnlessRepeated(tx, operation, decision);
    await tx.execute('UPDATE operation SET decision = ? WHERE id = ?', [decision.decision, operation.id]);
    if (decision.decision === 'give-up') return giveUp(tx, operation, `given up by ${decision.by}`);
    if (decision.decision === 'undo' && operation.direction === 'past-pivot') throw tooLate(operation);
    await runAgain(tx, operation, decision.decision === 'undo' ? 'undoing' : operation.direction);
  });
}

async function refuseUnlessRepeated(tx: Tx, operation: OperationRow, { decision }: Decision): Promise<void> {
  const rows = await tx.query<{ decision: string | null }>('SELECT decision FROM operation WHERE id = ?', [
    operation.id,
  ]);
  if (rows[0]?.decision === decision) return;
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `Operation ${operation.id} (${operation.summary}) is ${operation.state}; ${decision} is for operations that need attention.`,
    { details: { state: operation.state } },
  );
}

function tooLate(operation: OperationRow): DurastackError {
  const at = operation.error?.step === undefined ? 'its point of no return' : `“${operation.error.step}”`;
  return new DurastackError(
    'TOO_LATE',
    `Operation ${operation.id} (${operation.summary}) is at ${at}, where there is no way back. Retry it, or give it up.`,
  );
}

/** Another run goes on from the row, under a new generation, with the locks that were kept. */
async function runAgain(tx: Tx, operation: OperationRow, direction: OperationRow['direction']): Promise<void> {
  const [kept] = await tx.query<{ json: string | null }>(
    'SELECT turned_back_json AS json FROM operation WHERE id = ?',
    [operation.id],
  );
  const reason = typeof kept?.json === 'string' ? (JSON.parse(kept.json) as OperationRow['error']) : undefined;
  await tx.execute(
    `UPDATE operation SET state = 'granted', run = run + 1, direction = ?, dispatched_at = NULL, granted_at = NOW(3), touched_at = NOW(3),
       turned_back_json = NULL, error_code = ?, error_message = ?, error_step = ? WHERE id = ? AND state = 'needs-attention'`,
    [direction, reason?.code ?? null, reason?.message ?? null, reason?.step ?? null, operation.id],
  );
}
