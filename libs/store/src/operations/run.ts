/** What a workflow writes about its run; each is a compare-and-set on operation and run, and may be repeated. */
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { Begun, OperationPorts, RunRef, StepFailure, StepRef } from '@durastack/contracts/operations/step';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';
import { endOperation, lockForEnding } from './end.js';
import { readOperation, type OperationRow } from './operation-row.js';
import { controlEpoch } from './settings.js';
import { HAS_OPERATION, tableOf, transition } from './state-rows.js';

const superseded = (run: RunRef) =>
  new DurastackError('SUPERSEDED', `Run ${run.run} of operation ${run.operationId} is no longer the current one.`);

async function beginRun(tx: Tx, run: RunRef): Promise<Begun> {
  await lockForEnding(tx, run.operationId);
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) return { kind: 'superseded' };
  const [existing] = await tx.query<{ generation: number }>(
    'SELECT generation FROM operation_run WHERE operation_id = ? AND run = ?',
    [run.operationId, run.run],
  );
  if (existing && operation.state === 'running') return begun(tx, operation, existing.generation);
  if (operation.state !== 'granted') return { kind: 'superseded' };
  if (!(await raiseBegin(tx, operation))) return { kind: 'ended' };
  const { insertId } = await tx.execute(
    'INSERT INTO operation_run (operation_id, run, started_at) VALUES (?, ?, NOW(3))',
    [run.operationId, run.run],
  );
  await tx.execute(
    "UPDATE operation SET state = 'running', started_at = COALESCE(started_at, NOW(3)), touched_at = NOW(3) WHERE id = ?",
    [run.operationId],
  );
  return begun(tx, operation, insertId);
}

async function begun(tx: Tx, operation: OperationRow, generation: number): Promise<Begun> {
  return {
    kind: 'run',
    generation,
    controlEpoch: await controlEpoch(tx),
    direction: operation.direction,
    cancelRequested: operation.cancelRequested,
  };
}

/** Raises the lifecycle's first event, once over all runs. False: not allowed any more, and the operation has ended. */
async function raiseBegin(tx: Tx, operation: OperationRow): Promise<boolean> {
  const { resource, lifecycle } = operation;
  if (!HAS_OPERATION.has(resource.type)) return true;
  const rows = await tx.query<{ operation_id: string | null }>(
    `SELECT operation_id FROM ${tableOf(resource.type)} WHERE id = ?`,
    [resource.id],
  );
  if (rows[0]?.operation_id === operation.id) return true;
  try {
    if (lifecycle.begin) await transition(tx, resource, lifecycle.begin);
  } catch (error) {
    if (!isDurastackError(error, 'NOT_ALLOWED_IN_STATE')) throw error;
    await endOperation(tx, operation, { state: 'failed', error: { code: error.code, message: error.message } });
    return false;
  }
  await tx.execute(`UPDATE ${tableOf(resource.type)} SET operation_id = ? WHERE id = ?`, [operation.id, resource.id]);
  return true;
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
  if (operation.direction !== 'forward') return false;
  await tx.execute(
    'UPDATE operation SET direction = ?, error_code = ?, error_message = ?, error_step = ?, touched_at = NOW(3) WHERE id = ?',
    [direction, failure?.code ?? null, failure?.message.slice(0, 4000) ?? null, failure?.step ?? null, run.operationId],
  );
  return true;
}

async function finishRun(tx: Tx, run: RunRef, outcome: 'succeeded' | 'undone'): Promise<void> {
  await lockForEnding(tx, run.operationId);
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) throw superseded(run);
  if (operation.state !== 'running') return;
  if (outcome === 'succeeded')
    return endOperation(tx, operation, { state: 'succeeded', event: operation.lifecycle.succeed });
  const error = operation.error ?? { code: 'BUG', message: 'The operation was undone without a recorded reason.' };
  return endOperation(tx, operation, {
    state: error.code === 'CANCELLED' ? 'cancelled' : 'failed',
    event: operation.lifecycle.undo,
    error,
  });
}

async function needsAttention(tx: Tx, run: RunRef, failure: StepFailure): Promise<void> {
  const operation = await readOperation(tx, run.operationId, 'FOR UPDATE');
  if (!operation || operation.run !== run.run) throw superseded(run);
  if (operation.state !== 'running') return;
  await tx.execute(
    "UPDATE operation SET state = 'needs-attention', error_code = ?, error_message = ?, error_step = ?, touched_at = NOW(3) WHERE id = ?",
    [failure.code, failure.message.slice(0, 4000), failure.step ?? null, run.operationId],
  );
  await failQueuedBehind(tx, operation);
}

/** What waits behind an operation that needs attention would wait for a person: it fails now, with the reason. */
async function failQueuedBehind(tx: Tx, stuck: OperationRow): Promise<void> {
  const behind = await tx.query<{ id: string }>(
    `SELECT DISTINCT waiting.operation_id AS id FROM operation_lock held
       JOIN operation_lock waiting ON waiting.resource_type = held.resource_type AND waiting.resource_id = held.resource_id AND waiting.seq > held.seq
        AND (waiting.mode = 'exclusive' OR held.mode = 'exclusive')
       JOIN operation o ON o.id = waiting.operation_id
      WHERE held.operation_id = ? AND o.state = 'queued' AND o.kind NOT LIKE 'destroy%' AND o.kind NOT LIKE 'expunge%'`,
    [stuck.id],
  );
  for (const { id } of behind) {
    const operation = await readOperation(tx, id, 'FOR UPDATE');
    if (operation?.state !== 'queued') continue;
    await endOperation(tx, operation, {
      state: 'failed',
      event: operation.lifecycle.begin === undefined ? operation.lifecycle.undo : undefined,
      error: {
        code: 'BUSY',
        message: `Operation ${stuck.id} before it (${stuck.summary}) needs an administrator's attention.`,
      },
    });
  }
}

/** The activities of every operation, on a database. */
export function createOperationPorts(source: DataSource): OperationPorts {
  return {
    beginRun: (run) => transaction(source, (tx) => beginRun(tx, run)),
    setDirection: (run, direction, failure) => transaction(source, (tx) => setDirection(tx, run, direction, failure)),
    finishRun: (run, outcome) => transaction(source, (tx) => finishRun(tx, run, outcome)),
    needsAttention: (run, failure) => transaction(source, (tx) => needsAttention(tx, run, failure)),
  };
}

/**
 * Runs a step's database part: only while the operation is in this run and direction, and with its progress
 * written. An attempt that wakes up late finds that it is superseded, and changes nothing.
 */
export async function inStep<T>(
  source: DataSource,
  step: StepRef,
  body: (tx: Tx, operation: OperationRow) => Promise<T>,
): Promise<T> {
  return transaction(source, async (tx) => {
    const operation = await readOperation(tx, step.operationId, 'FOR UPDATE');
    const current =
      operation &&
      operation.run === step.run &&
      operation.state === 'running' &&
      operation.direction === step.direction;
    if (!current) throw superseded(step);
    await tx.execute(
      'UPDATE operation SET step_index = ?, step_count = ?, step_title = ?, step_detail = NULL, touched_at = NOW(3) WHERE id = ?',
      [step.index, step.count, step.direction === 'undoing' ? `Undoing: ${step.title}` : step.title, step.operationId],
    );
    return body(tx, operation);
  });
}
