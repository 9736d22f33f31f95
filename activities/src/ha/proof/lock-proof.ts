/**
 * Proof that no QEMU anywhere has a disk image open: another host's QEMU has taken its lock, and keeps it.
 *
 * A QEMU that has an image open for writing holds its lock from the first moment to the end of its process, whether
 * its guest runs or stands still; only the end of a migration lets go before that, when the destination's QEMU has it.
 * So whoever gets the lock has proven that the old copy is not there. That holds only where locks reach from host to
 * host, which trials with QEMU itself show (loops/lock-trials.ts), in this boot and on this mount of both hosts; and
 * where a server that forgets locks of a client that is cut off (NFS 4) refuses what that client writes afterwards.
 *
 * The lock is held until the machine is started, so that nothing can bring the old copy back meanwhile: a delayed call,
 * or a person at the lost host. QEMU has no way of handing a lock of a qcow2 image over, so between letting go and the
 * start there is a moment in which nobody holds it. It does no harm: whoever opens the image then, at the old host or
 * at the new one, takes the lock for its whole life, and the other one is refused by QEMU itself. Two copies cannot be,
 * and if it was the old host that came first, the start fails, is tried again, and says so. Calls of the control plane
 * that are under way to the old host carry older tokens than what comes when it returns, which removes what it has.
 */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { LockEvidence, SuspectDisk } from '@durastack/model/ha/proof-evidence';
import { inStep } from '@durastack/store/operations/run';
import { readHoldersOf } from '@durastack/store/proof/lock-trials';
import { forgetHold, noteHold, readHeldSpec, readHolds, type VolumeHold } from '@durastack/store/proof/volume-holds';
import type { ActivityDependencies } from '../../dependencies.js';
import { letGoOfVolumes } from './let-go-of-volumes.js';
import type { ProofStrategy } from './proof-strategy.js';

/** Disks that are tried at the same time. */
const AT_ONCE = 8;

type Parts = Pick<ActivityDependencies, 'source' | 'agents'>;

/** Makes the strategy. */
export function createLockProof(parts: Parts): ProofStrategy {
  return {
    async gather({ id: lostHostId, disks }, step) {
      const left = disks.filter(({ locks }) => locks === 'proven');
      if (left.length === 0) return {};
      const holds = await inStep(parts.source, step, (tx) => readHolds(tx, { lostHostId }));
      const locks: LockEvidence[] = [];
      while (left.length > 0)
        locks.push(
          ...(await Promise.all(left.splice(0, AT_ONCE).map((disk) => hold(parts, { lostHostId, holds, disk }, step)))),
        );
      return { locks };
    },
    release: (lostHostId, step) => letGoOfVolumes(parts, { lostHostId }, step),
  };
}

interface Sought {
  readonly lostHostId: string;
  /** As they were when it began. */
  readonly holds: readonly VolumeHold[];
  readonly disk: SuspectDisk;
}

async function hold(
  { source, agents }: Parts,
  { lostHostId, holds, disk }: Sought,
  step: StepRef,
): Promise<LockEvidence> {
  const { volumeId, poolId } = disk;
  const nobody = (trouble: string | null): LockEvidence => ({ volumeId, poolId, holder: null, trouble });
  const { spec, hosts } = await inStep(source, step, async (tx) => ({
    spec: await readHeldSpec(tx, disk),
    hosts: await readHoldersOf(tx, poolId, lostHostId),
  }));
  const before = holds.find((one) => one.volumeId === volumeId && one.poolId === poolId);
  // The one that has it already, or any: many disks spread over many hosts.
  const holder = hosts.find(({ id }) => id === before?.hostId) ?? hosts[spread(volumeId) % Math.max(1, hosts.length)];
  if (!spec || spec.pool.kind === 'rbd') return nobody('the volume is not there');
  if (!holder) return nobody('no other host is up whose locks on it are proven');
  const volume = { ...spec, pool: spec.pool };
  try {
    await inStep(source, step, (tx) => noteHold(tx, { volumeId, poolId, hostId: holder.id }, lostHostId));
    const { held } = await agents.call(holder.id, 'ensureVolumeHeld', { volume }, step);
    if (!held) await inStep(source, step, (tx) => forgetHold(tx, { volumeId, poolId, hostId: holder.id }));
    return { ...nobody(null), holder: held ? holder.name : null };
  } catch (error) {
    if (isDurastackError(error) && error.code !== 'SUPERSEDED') return nobody(error.message);
    throw error;
  }
}

/** A number that is another one for each volume: its id ends in random digits. */
const spread = (volumeId: string): number => Number.parseInt(volumeId.slice(-6), 16);
