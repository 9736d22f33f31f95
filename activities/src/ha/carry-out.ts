/** What is owed on a host that reports again, because machines of it were started elsewhere meanwhile. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { readObligations, type Obligation } from '@durastack/store/ha/lost-machines';
import { inStep, underStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';

type Parts = Pick<ActivityDependencies, 'source' | 'agents'>;

/** Does one of it, and forgets it. */
export async function carryOut(
  { source, agents }: Parts,
  { id, hostId, verb, params }: Obligation & { readonly id: string },
  step: StepRef,
): Promise<void> {
  await agents.callFenced(hostId, verb, params, step);
  await underStep(source, step, (tx) => tx.execute('DELETE FROM host_obligation WHERE id = ?', [id]));
}

/**
 * Old copies on a host that goes on in the boot in which it was fenced: their machines run elsewhere, so they go at once,
 * though the host still runs others.
 */
export async function clearOldCopies(parts: Parts, hostId: string, step: StepRef): Promise<void> {
  const owed = await inStep(parts.source, step, (tx) => readObligations(tx, hostId));
  for (const obligation of owed)
    try {
      await carryOut(parts, obligation, step);
    } catch (error) {
      // Whoever acted on it there later than this fencing began is cleared when the host is taken back.
      if (!isDurastackError(error, 'STALE_TOKEN')) throw error;
    }
}
