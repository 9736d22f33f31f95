import { DurastackError } from '@durastack/contracts/errors';
import { pending, type StepOutcome } from '@durastack/contracts/operations/step';

/** How long a guest may take to let go of a device. */
const GRACE_MS = 60_000;
const RELEASE_POLL_MS = 2_000;

/**
 * What becomes of a step whose guest has not let go of a device yet: it looks again, or gives up.
 *
 * @param elapsedMs since the run began
 * @param kept said when the guest has kept it for too long: that it stays, and what helps
 * @throws DurastackError NOT_ALLOWED_IN_STATE
 */
export function withinGrace(elapsedMs: number, kept: string): StepOutcome {
  if (elapsedMs >= GRACE_MS) throw new DurastackError('NOT_ALLOWED_IN_STATE', kept);
  const seconds = Math.ceil((GRACE_MS - elapsedMs) / 1000);
  return pending(RELEASE_POLL_MS, `waiting for the guest to let go of it, at most ${seconds} s more`);
}
