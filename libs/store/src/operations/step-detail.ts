import type { StepRef } from '@durastack/contracts/operations/step';
import type { DataSource } from 'typeorm';
import { autocommit } from '../database/transaction.js';

const MAX_DETAIL = 255;

/** Writes how a step goes on, if the operation is still at it. */
export async function noteDetail(source: DataSource, step: StepRef, detail: string): Promise<void> {
  await autocommit(source).execute(
    `UPDATE operation SET step_detail = ? WHERE id = ? AND run = ? AND state = 'running' AND direction = ? AND step_index = ?`,
    [detail.slice(0, MAX_DETAIL), step.operationId, step.run, step.direction, step.index],
  );
}
