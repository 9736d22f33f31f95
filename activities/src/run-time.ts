import type { StepRef } from '@durastack/contracts/operations/step';
import { underStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from './dependencies.js';

/** Milliseconds since this run began, by the database's clock. */
export async function elapsedMs({ source }: Pick<ActivityDependencies, 'source'>, step: StepRef): Promise<number> {
  return underStep(source, step, async (tx) => {
    const rows = await tx.query<{ elapsed: number }>(
      'SELECT TIMESTAMPDIFF(MICROSECOND, started_at, NOW(3)) / 1000 AS elapsed FROM operation_run WHERE generation = ?',
      [step.generation],
    );
    return Number(rows[0]?.elapsed ?? Number.MAX_SAFE_INTEGER);
  });
}
