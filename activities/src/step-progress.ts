/** How a step goes on, written where users and operators see it: by one hand for all steps. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepOutcome, StepRef } from '@durastack/contracts/operations/step';
import { noteDetail } from '@durastack/store/operations/step-detail';
import type { DataSource } from 'typeorm';

/**
 * Wraps an activity: what a step says about its progress, or why it is tried again, becomes the detail of the
 * operation's present step. Activities that are no steps pass unchanged.
 *
 * @param onFault told when the reason of a repeat could not be written
 */
export function showingProgress(
  source: DataSource,
  run: (argument: unknown) => Promise<unknown>,
  onFault: (error: unknown) => void,
): (argument: unknown) => Promise<unknown> {
  return async (argument) => {
    if (!isStepRef(argument)) return run(argument);
    try {
      const outcome = (await run(argument)) as StepOutcome;
      const { done, detail, progress } = outcome;
      if (detail !== undefined)
        await noteDetail(source, argument, detail, { progress, quietMs: done ? 0 : outcome.pollMs });
      return outcome;
    } catch (error) {
      if (isDurastackError(error) && error.retryable)
        await noteDetail(source, argument, `Trying again: ${error.message}`).catch(onFault);
      throw error;
    }
  };
}

function isStepRef(argument: unknown): argument is StepRef {
  return typeof argument === 'object' && argument !== null && 'operationId' in argument && 'tokenStep' in argument;
}
