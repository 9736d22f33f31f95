import type { VmRestorePorts } from '@durastack/contracts/compute/vm-restore.ports';
import { invariant, isDurastackError } from '@durastack/contracts/errors';
import { DONE, doneWith, type StepActivity, type StepRef } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { releasePools } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { removeVolume } from '../storage/volume-hosts.js';
import { readVolumeWork } from '../storage/volume-work.js';
import { readLeftCopies } from './left-copies.js';
import { forgetSpare, makeRootDisk, readRootWork, removeSpare } from './root-disk.js';
import { createActivities as createPowerActivities } from './vm-power.activities.js';
import { readRestore, reserveNewRoot, switchRoots, type Restore } from './restore-rows.js';

/** See {@link VmRestorePorts}. */
export function createActivities(dependencies: ActivityDependencies): VmRestorePorts {
  const { source, agents } = dependencies;
  const power = createPowerActivities(dependencies);

  const read = <T>(step: StepRef, body: (tx: Tx, restore: Restore) => Promise<T>): Promise<T> =>
    inStep(source, step, async (tx, operation) => body(tx, await readRestore(tx, operation)));

  /** Only while the machine runs with the disk that is meant, if it was running at all. */
  const unless =
    (skip: (restore: Restore) => boolean, activity: StepActivity): StepActivity =>
    async (step) =>
      (await read(step, async (_tx, restore) => !restore.wasRunning || skip(restore))) ? DONE : activity(step);

  return {
    reserveNewRoot: (step) =>
      inStep(source, step, async (tx, operation) => {
        const restore = await readRestore(tx, operation);
        if (!restore.isSwitched && step.direction === 'forward') await reserveNewRoot(tx, operation.id, restore);
        return DONE;
      }),

    releaseNewRoot: (step) =>
      read(step, async (tx, { newRoot }) => {
        if (newRoot?.kind !== 'SPARE') return DONE;
        await releasePools(tx, newRoot.id);
        await tx.execute("DELETE FROM volume WHERE id = ? AND kind = 'SPARE'", [newRoot.id]);
        return DONE;
      }),

    async makeNewRoot(step) {
      const work = await read(step, async (tx, { newRoot, isSwitched }) => {
        if (isSwitched || newRoot?.state !== 'Allocated') return undefined;
        const place = await readVolumeWork(tx, newRoot);
        return place && { hostId: place.hostId, ...(await readRootWork(tx, newRoot, place.volume.pool)) };
      });
      return work ? makeRootDisk({ source, agents }, step, work) : DONE;
    },

    async removeNewRoot(step) {
      const work = await read(step, async (tx, { newRoot }) =>
        newRoot?.kind === 'SPARE' ? readVolumeWork(tx, newRoot) : undefined,
      );
      if (!work) return DONE;
      const { id: volumeId, pool } = work.volume;
      await removeVolume({ source, agents }, { volumeId, pool, hostId: work.hostId }, step);
      await underStep(source, step, (tx) => transitionIfAllowed(tx, { type: 'volume', id: volumeId }, 'CreateUndone'));
      return DONE;
    },

    shutdownForRestore: unless(({ isSwitched }) => isSwitched, power.shutdownVm),
    powerOffForRestore: unless(({ isSwitched }) => isSwitched, power.powerOffVm),
    powerOffRestored: unless(({ isSwitched }) => !isSwitched, power.powerOffVm),

    async startAgain(step) {
      try {
        return await power.startVm(step);
      } catch (error) {
        // Turning back it has ended with its host, and HA finds it among the lost ones.
        if (step.direction !== 'undoing' || !isDurastackError(error, 'HOST_FENCED')) throw error;
        return doneWith('stopped by fencing: its host is lost');
      }
    },

    switchRoot: (step) =>
      read(step, async (tx, restore) => {
        if (!restore.isSwitched && restore.newRoot)
          await switchRoots(tx, restore, { volumeId: restore.newRoot.id, templateId: restore.templateId });
        return DONE;
      }),

    switchRootBack: (step) =>
      read(step, async (tx, restore) => {
        const { isSwitched, oldRoot } = restore;
        if (isSwitched) await switchRoots(tx, restore, { volumeId: oldRoot.id, templateId: restore.oldTemplateId });
        return DONE;
      }),

    async removeOldRoot(step) {
      const work = await read(step, async (tx, { vmId, isSwitched, oldRoot }) => {
        invariant(isSwitched, `The virtual machine ${vmId} still has the root disk that is to be removed.`);
        if (oldRoot.kind !== 'SPARE') return undefined;
        const place = await readVolumeWork(tx, oldRoot);
        if (!place) return { copies: [] };
        const { hostId, volume } = place;
        const copies = await readLeftCopies(tx, { vmId, volumeId: volume.id, poolId: volume.pool.id });
        return { place: { hostId, volumeId: volume.id, pool: volume.pool }, copies };
      });
      if (!work) return DONE;
      for (const copy of work.copies) await removeVolume({ source, agents }, copy, step);
      if (work.place) await removeSpare({ source, agents }, step, work.place);
      else await read(step, (tx, { oldRoot }) => forgetSpare(tx, oldRoot.id));
      return DONE;
    },
  };
}
