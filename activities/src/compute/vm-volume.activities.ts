import type { VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { invariant } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { releasePools } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from '../storage/pool-hosts.js';
import { removeVolume } from '../storage/volume-hosts.js';
import {
  makeDataVolumes,
  readNewDataVolumes,
  readUnfinished,
  removeChosenVolumes,
  unmakeDataVolumes,
} from '../storage/data-volumes.js';
import { readLeftCopies } from './left-copies.js';
import { makeRootDisk, readRootWork, readSpares, removeSpare, type RootWork } from './root-disk.js';
import { readVmAndDisk } from './vm-rows.js';

/** See {@link VmVolumePorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VmVolumePorts {
  return {
    async createRootVolume(step) {
      const work = await inStep(source, step, async (tx, operation) =>
        operation.input['startVm'] === false ? undefined : readWork(tx, operation.resource.id),
      );
      if (!work) return DONE;
      await makeDataVolumes({ source, agents }, step, { hostId: work.hostId, volumes: work.dataVolumes });
      if (!work.root) return DONE;
      return makeRootDisk({ source, agents }, step, { hostId: work.hostId, ...work.root });
    },

    async removeUnfinishedDisks(step) {
      const work = await inStep(source, step, async (tx, { resource }) => {
        const { vm, pool } = await readVmAndDisk(tx, resource.id);
        const volumes = await readUnfinished(tx, resource.id);
        if (!pool || volumes.length === 0) return undefined;
        const [inReach] = await hostsInReachOfPool(tx, pool.id, vm.lastHostId ?? '');
        return { hostId: vm.hostId ?? inReach, volumes };
      });
      if (!work?.hostId) return DONE;
      for (const { id: volumeId, pool } of work.volumes)
        await removeVolume({ source, agents }, { volumeId, pool, hostId: work.hostId }, step);
      return DONE;
    },

    async removeChosenVolumes(step) {
      await removeChosenVolumes({ source, agents }, step);
      return DONE;
    },

    async removeRootVolume(step) {
      await removeChosenVolumes({ source, agents }, step);
      const work = await inStep(source, step, async (tx, operation) => {
        const { vm, volume, pool } = await readVmAndDisk(tx, operation.resource.id);
        if (!pool) return undefined;
        const [inReach] = vm.hostId === null ? await hostsInReachOfPool(tx, pool.id, vm.lastHostId ?? '') : [];
        // Data disks outlive their machine, if they ever were its own; of one that never came to be nothing stays.
        const unwanted = step.direction === 'undoing' ? ['Allocated', 'Ready'] : ['Allocated'];
        const dataVolumes = await readNewDataVolumes(tx, vm.id, unwanted);
        const copies = await readLeftCopies(tx, { vmId: vm.id, volumeId: volume.id, poolId: pool.id });
        const spares = await readSpares(tx, vm.id);
        return { hostId: vm.hostId ?? inReach, volumeId: volume.id, pool, dataVolumes, copies, spares };
      });
      if (!work) return DONE;
      const { hostId, volumeId, pool, dataVolumes } = work;
      if (hostId !== undefined) {
        await unmakeDataVolumes({ source, agents }, step, { hostId, volumes: dataVolumes });
        await removeVolume({ source, agents }, { volumeId, pool, hostId }, step);
        for (const spare of work.spares) await removeSpare({ source, agents }, step, { hostId, ...spare });
      }
      for (const copy of work.copies) await removeVolume({ source, agents }, copy, step);
      await underStep(source, step, async (tx) => {
        await releasePools(tx, work.volumeId);
        const volume = { type: 'volume', id: work.volumeId } as const;
        await transitionIfAllowed(tx, volume, step.direction === 'undoing' ? 'CreateUndone' : 'Expunged');
        await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [work.volumeId]);
      });
      return DONE;
    },
  };
}

interface DisksWork {
  readonly hostId: string;
  /** Absent when the root disk was made before. */
  readonly root: RootWork | undefined;
  readonly dataVolumes: readonly VolumeSpec[];
}

/** What there is to do for a machine's disks. Those that were made hold the tenant's data: were one gone, an empty one must not take its place. */
async function readWork(tx: Tx, vmId: string): Promise<DisksWork> {
  const { vm, volume, pool } = await readVmAndDisk(tx, vmId);
  invariant(vm.hostId && pool, `The virtual machine ${vmId} has no host or pool for its disk.`);
  const root = volume.state === 'Allocated' ? await readRootWork(tx, volume, pool) : undefined;
  return { hostId: vm.hostId, root, dataVolumes: await readNewDataVolumes(tx, vmId, ['Allocated']) };
}
