/** What a workflow writes about its run; each is a compare-and-set on operation and run, and may be repeated. */
import { DurastackError, invariant, isDurastackError, type ErrorCode } from '@durastack/contracts/errors';
import type {
  AttentionFailure,
  Begun,
  OperationPorts,
  RunRef,
  StepFailure,
  StepRef,
} from '@durastack/contracts/operations/step';
import type { ResourceRef } from '@durastack/contracts/resources';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { stopForAttention } from './attention.js';
import { reasonGone } from './children.js';
import { endOperation, lockForEnding } from './end.js';
import { readOperation, type OperationRow } from './operation-row.js';
import { controlEpoch } from './settings.js';
import { HAS_OPERATION, lockShown, tableOf, transition } from './state-rows.js';

const superseded = (run: RunRef) =>
  new DurastackError('SUPERSEDED', `Run ${run.run} of operation ${run.operationId} is no longer the current one.`);

/**
 * Begins a run while holding the row of its resource, or all that its ending needs.
 *
 * @returns undefined when the resource's state does not allow the operation any more, which ends it: that needs
 *   the rows of all its locks
 */
async function beginRun(tx: Tx, run: RunRef, holds: 'resource' | 'all-locks'): Promise<Begun | undefined> {
  if (holds === 'all-locks') await lockForEnding(tx, run.operationId);
  const before = await readBefore(tx, run);
  if (!before) return { kind: 'superseded' };
  const { resource } = before;
  const shown = HAS_OPERATION.has(resource.type) ? await lockShown(tx, resource) : undefined;
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) return { kind: 'superseded' };
  const begun = { kind: 'run', controlEpoch: before.epoch, direction: operation.direction } as const;
  const { cancelRequested } = operation;
  // Read again under the row's lock: another attempt may have begun this run meanwhile.
  const generation = operation.state === 'running' ? (await readBefore(tx, run))?.generation : undefined;
  if (generation) return { ...begun, generation, cancelRequested, again: true };
  if (operation.state !== 'granted') return { kind: 'superseded' };
  const refusal =
    (operation.run === 1 ? await reasonGone(tx, operation) : undefined) ??
    (shown && shown.operationId !== operation.id ? await raiseBegin(tx, operation, shown.state) : undefined);
  if (refusal && holds === 'resource') return undefined;
  if (refusal) {
    // What was asked of many things at once concerns only those that it still fits.
    const state = operation.parentId === null ? 'failed' : 'skipped';
    await endOperation(tx, operation, { state, error: refusal });
    return { kind: 'ended' };
  }
  const { insertId } = await tx.execute(
    'INSERT INTO operation_run (operation_id, run, started_at) VALUES (?, ?, NOW(3))',
    [run.operationId, run.run],
  );
  await tx.execute(
    "UPDATE operation SET state = 'running', step_token = 0, started_at = COALESCE(started_at, NOW(3)), touched_at = NOW(3) WHERE id = ?",
    [run.operationId],
  );
  return { ...begun, generation: insertId, cancelRequested, again: run.run > 1 };
}

/** What is needed to begin: the resource, the control epoch, and the generation that this run was given if it began before. */
async function readBefore(
  tx: Tx,
  run: RunRef,
): Promise<{ resource: ResourceRef; epoch: number; generation: number | undefined } | undefined> {
  const [row] = await tx.query<ResourceRef & { generation: number | null; epoch: string | null }>(
    `SELECT o.resource_type AS type, o.resource_id AS id,
       (SELECT generation FROM operation_run WHERE operation_id = o.id AND run = ?) AS generation,
       (SELECT value FROM setting WHERE name = 'control-epoch') AS epoch
     FROM operation o WHERE o.id = ?`,
    [run.run, run.operationId],
  );
  if (!row) return undefined;
  const { type, id, generation, epoch } = row;
  return {
    resource: { type, id },
    epoch: Number(epoch ?? (await controlEpoch(tx))),
    generation: generation ?? undefined,
  };
}

/** Raises the lifecycle's first event, once over all runs. Returns why not, when it is not allowed any more. */
async function raiseBegin(
  tx: Tx,
  { id, resource, lifecycle }: OperationRow,
  from: string,
): Promise<{ code: string; message: string } | undefined> {
  try {
    if (lifecycle.begin) await transition(tx, resource, lifecycle.begin, { from, operationId: id });
    else await tx.execute(`UPDATE ${tableOf(resource.type)} SET operation_id = ? WHERE id = ?`, [id, resource.id]);
    return undefined;
  } catch (error) {
    if (!isDurastackError(error, 'NOT_ALLOWED_IN_STATE')) throw error;
    return { code: error.code, message: error.message };
  }
}

async function setDirection(
  tx: Tx,
  run: RunRef,
  direction: 'past-pivot' | 'undoing',
  failure?: StepFailure,
): Promise<boolean> {
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run || operation.state !== 'running') return false;
  if (operation.direction === direction) return true;
  const passedMeanwhile = operation.direction === 'undoing' && direction === 'past-pivot';
  if (operation.direction !== 'forward' && !passedMeanwhile) return false;
  await tx.execute(
    'UPDATE operation SET direction = ?, error_code = ?, error_message = ?, error_step = ?, touched_at = NOW(3) WHERE id = ?',
    [direction, failure?.code ?? null, failure?.message.slice(0, 4000) ?? null, failure?.step ?? null, run.operationId],
  );
  return true;
}

const LOST: ErrorCode = 'MEMORY_LOST';

async function finishRun(tx: Tx, run: RunRef, outcome: 'succeeded' | 'undone'): Promise<void> {
  await lockForEnding(tx, run.operationId);
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) throw superseded(run);
  if (operation.state !== 'running') return;
  // Found past the pivot: everything was done that is left to be done, and what it was for is lost.
  if (outcome === 'succeeded' && operation.error?.code === LOST)
    return endOperation(tx, operation, { state: 'failed', event: operation.lifecycle.succeed, error: operation.error });
  if (outcome === 'succeeded')
    return endOperation(tx, operation, { state: 'succeeded', event: operation.lifecycle.succeed });
  const error = operation.error ?? { code: 'BUG', message: 'The operation was undone without a recorded reason.' };
  return endOperation(tx, operation, {
    state: error.code === 'CANCELLED' ? 'cancelled' : 'failed',
    event: operation.lifecycle.undo,
    error,
  });
}

async function needsAttention(tx: Tx, run: RunRef, failure: AttentionFailure): Promise<void> {
  if ((await stopForAttention(tx, run, failure)) === 'stale') throw superseded(run);
}

/** The activities of every operation, on a database. */
export function createOperationPorts(source: DataSource): OperationPorts {
  return {
    beginRun: async (run) => {
      const begun = await transaction(source, (tx) => beginRun(tx, run, 'resource'));
      if (begun) return begun;
      const ended = await transaction(source, (tx) => beginRun(tx, run, 'all-locks'));
      invariant(ended, `Run ${run.run} of operation ${run.operationId} neither began nor ended.`);
      return ended;
    },
    setDirection: (run, direction, failure) => transaction(source, (tx) => setDirection(tx, run, direction, failure)),
    finishRun: (run, outcome) => transaction(source, (tx) => finishRun(tx, run, outcome)),
    needsAttention: (run, failure) => transaction(source, (tx) => needsAttention(tx, run, failure)),
  };
}

/**
 * Runs a write of a step: only while the operation is in this run and direction, and with its progress written.
 * An attempt that wakes up late finds that it is superseded, and changes nothing.
 */
export function underStep<T>(source: DataSource, step: StepRef, body: (tx: Tx) => Promise<T>): Promise<T> {
  return transaction(source, async (tx) => {
    await noteStep(tx, step);
    return body(tx);
  });
}

/** As {@link underStep}, with the operation's row. */
export function inStep<T>(
  source: DataSource,
  step: StepRef,
  body: (tx: Tx, operation: OperationRow) => Promise<T>,
): Promise<T> {
  return underStep(source, step, async (tx) => {
    const operation = await readOperation(tx, step.operationId);
    if (!operation) throw superseded(step);
    return body(tx, operation);
  });
}

/** A quick step is repeated after its successors when a worker died: it is never too late. */
const NEVER_TOO_LATE = 2 ** 31 - 1;

/**
 * Takes the operation's row and writes its progress, if this run is the current one, goes in this direction and has
 * not gone on to a later step: else an attempt that was given up for lost would write over what its successors wrote.
 */
export async function noteStep(tx: Tx, step: StepRef): Promise<void> {
  const title = step.direction === 'undoing' ? `Undoing: ${step.title}` : step.title;
  const { affectedRows } = await tx.execute(
    `UPDATE operation SET step_index = ?, step_count = ?, step_title = ?, step_detail = NULL, step_token = GREATEST(step_token, ?), touched_at = NOW(3)
      WHERE id = ? AND run = ? AND state = 'running' AND direction = ? AND step_token <= ?`,
    [
      ...[step.index, step.count, title, step.tokenStep, step.operationId, step.run, step.direction],
      step.quick ? NEVER_TOO_LATE : step.tokenStep,
    ],
  );
  if (affectedRows === 0) throw superseded(step);
}
