import type { ErrorCode } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import type { DataSource } from 'typeorm';
import { autocommit, type Tx } from '../database/transaction.js';

const MAX_DETAIL = 255;

/** What is noted beside a step's detail. */
export interface DetailOptions {
  /** The numbers stay when the next step begins. */
  readonly progress?: TransferProgress | undefined;
  /** For so many milliseconds nothing will be heard of the step, and nobody need wonder why. */
  readonly quietMs?: number;
}

/** Writes how a step goes on, if the operation is still at it. */
export async function noteDetail(
  source: DataSource,
  step: StepRef,
  detail: string,
  { progress, quietMs = 0 }: DetailOptions = {},
): Promise<void> {
  await autocommit(source).execute(
    `UPDATE operation SET step_detail = ?, progress_json = COALESCE(?, progress_json),
         touched_at = GREATEST(touched_at, NOW(3) + INTERVAL ? MICROSECOND)
      WHERE id = ? AND run = ? AND state = 'running' AND direction = ? AND step_index = ?`,
    [
      detail.slice(0, MAX_DETAIL),
      progress === undefined ? null : JSON.stringify(progress),
      quietMs * 1_000,
      ...[step.operationId, step.run, step.direction, step.index],
    ],
  );
}

/** Notes what an operation answers, where that is no row of its resource; as part of a step's own transaction. */
export async function noteResult(
  tx: Tx,
  operationId: string,
  result: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.execute('UPDATE operation SET result_json = ? WHERE id = ?', [JSON.stringify(result), operationId]);
}

/** What was noted by {@link noteResult}; undefined: nothing. */
export async function readResult(tx: Tx, operationId: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await tx.query<{ json: string | null }>('SELECT result_json AS json FROM operation WHERE id = ?', [
    operationId,
  ]);
  return row?.json ? (JSON.parse(row.json) as Record<string, unknown>) : undefined;
}

/** Notes that what a machine had in memory is lost: however its operation goes on from there, it ends as failed. */
export async function noteMemoryLost(tx: Tx, step: StepRef, message: string): Promise<void> {
  const code: ErrorCode = 'MEMORY_LOST';
  await tx.execute('UPDATE operation SET error_code = ?, error_message = ?, error_step = ? WHERE id = ?', [
    ...[code, message, step.title, step.operationId],
  ]);
}
