/** Images that were held open because the host of their machine was lost are let go. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { inStep } from '@durastack/store/operations/run';
import { forgetHold, readHeldSpec, readHolds, type VolumeHold } from '@durastack/store/proof/volume-holds';
import type { ActivityDependencies } from '../../dependencies.js';

type Parts = Pick<ActivityDependencies, 'source' | 'agents'>;

/** Lets go of those of a lost host's machines, or of one machine; see {@link letGoOf}. */
export async function letGoOfVolumes(
  parts: Parts,
  of: { readonly lostHostId: string } | { readonly vmId: string },
  step: StepRef,
): Promise<string | undefined> {
  return letGoOf(parts, await inStep(parts.source, step, (tx) => readHolds(tx, of)), step);
}

/**
 * Lets go of what is held: whoever starts a machine does so first. A holder that does not answer is no reason to wait
 * with a start: if it still has the image open, QEMU refuses that.
 *
 * @returns what is held still, for people; undefined: nothing
 */
export async function letGoOf(
  { source, agents }: Parts,
  holds: readonly VolumeHold[],
  step: StepRef,
): Promise<string | undefined> {
  let left: string | undefined;
  for (const hold of holds) {
    const spec = await inStep(source, step, (tx) => readHeldSpec(tx, hold));
    try {
      if (spec && spec.pool.kind !== 'rbd')
        await agents.call(hold.hostId, 'ensureVolumeLetGo', { volume: { ...spec, pool: spec.pool } }, step);
    } catch (error) {
      if (isDurastackError(error, 'HOST_UNREACHABLE')) {
        left = `the volume ${hold.volumeId} is held: ${error.message}`;
        continue;
      }
      // A holder that is gone holds nothing.
      if (!isDurastackError(error, 'HOST_FENCED')) throw error;
    }
    await inStep(source, step, (tx) => forgetHold(tx, hold));
  }
  return left;
}
