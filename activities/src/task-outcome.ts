import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { DONE, pending, type StepOutcome } from '@durastack/contracts/operations/step';

const POLL_MS = 1_000;

/**
 * What a long task's status means to its step.
 *
 * @throws DurastackError the task's own error; CANCELLED when it was cancelled
 */
export function taskOutcome(status: TaskStatus): StepOutcome {
  switch (status.state) {
    case 'done':
      return DONE;
    case 'running':
      return pending(
        POLL_MS,
        [status.detail, status.percent === undefined ? undefined : `${Math.floor(status.percent)} %`]
          .filter(Boolean)
          .join(', ') || undefined,
        status.progress,
      );
    case 'cancelled':
      throw new DurastackError('CANCELLED', 'The task was cancelled on its host.');
    case 'failed': {
      const { code, message } = status.error ?? { code: 'BUG', message: 'The task failed without saying why.' };
      throw new DurastackError(isErrorCode(code) ? code : 'STEP_REFUSED', message);
    }
  }
}
