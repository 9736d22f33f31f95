/** What is done about a volume when the host that held it is gone. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { underStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from './pool-hosts.js';

/** What else is to be done when the host was removed or fenced. */
export async function onHostOr(call: Promise<unknown>, otherwise: () => Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isDurastackError(error, 'HOST_FENCED')) throw error;
    await otherwise();
  }
}

/** Where a volume is to be gone. */
export interface VolumePlace {
  readonly volumeId: string;
  readonly pool: PoolSpec;
  readonly hostId: string;
}

/** The volume is gone from the pool; a host that is gone is stood in for by another one that reaches it. */
export async function removeVolume(
  dependencies: Pick<ActivityDependencies, 'source' | 'agents'>,
  place: VolumePlace,
  step: StepRef,
): Promise<void> {
  const { volumeId, pool, hostId } = place;
  await onHostOr(dependencies.agents.call(hostId, 'ensureVolumeGone', { volumeId, pool }, step), () =>
    removeElsewhere(dependencies, place, step),
  );
}

/** Through another host that reaches the pool; a pool that none reaches went with its host. */
export async function removeElsewhere(
  { source, agents }: Pick<ActivityDependencies, 'source' | 'agents'>,
  { volumeId, pool, hostId }: VolumePlace,
  step: StepRef,
): Promise<void> {
  const hosts = await underStep(source, step, (tx) => hostsInReachOfPool(tx, pool.id));
  for (const other of hosts.filter((id) => id !== hostId)) {
    let isLost = false;
    await onHostOr(agents.call(other, 'ensureVolumeGone', { volumeId, pool }, step), async () => {
      isLost = true;
    });
    if (!isLost) return;
  }
}
