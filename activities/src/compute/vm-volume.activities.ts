import type { VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import { invariant } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import { releasePools } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from '../storage/pool-hosts.js';
import { taskOutcome } from '../task-outcome.js';
import { readPool, readRootVolume, readTemplateStore, readVm } from './vm-rows.js';

/** See {@link VmVolumePorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VmVolumePorts {
  return {
    async ensureTemplateOnPool(step) {
      const work = await inStep(source, step, async (tx, operation) => {
        if (operation.input['startVm'] === false) return undefined;
        const vm = await readVm(tx, operation.resource.id);
        const volume = await readRootVolume(tx, vm.id);
        if (volume.state !== 'Allocated' || volume.templateId === null) return undefined;
        invariant(vm.hostId && volume.poolId, `The virtual machine ${vm.id} has no host or pool to prepare.`);
        // Written before the copy, so that removal of the template finds it.
        await tx.execute(
          'INSERT INTO template_on_pool (template_id, pool_id, created_at) VALUES (?, ?, NOW(3)) ON DUPLICATE KEY UPDATE pool_id = VALUES(pool_id)',
          [volume.templateId, volume.poolId],
        );
        const store = await readTemplateStore(tx, volume.templateId);
        return {
          hostId: vm.hostId,
          params: { templateId: volume.templateId, store, pool: await readPool(tx, volume.poolId) },
        };
      });
      if (!work) return DONE;
      return taskOutcome(await agents.task(work.hostId, 'ensureTemplateOnPool', work.params, step));
    },

    async createRootVolume(step) {
      const work = await inStep(source, step, async (tx, operation) => {
        if (operation.input['startVm'] === false) return undefined;
        const vm = await readVm(tx, operation.resource.id);
        const { id, poolId, templateId, sizeBytes } = await readRootVolume(tx, vm.id);
        invariant(vm.hostId && poolId, `The virtual machine ${vm.id} has no host or pool for its disk.`);
        return {
          hostId: vm.hostId,
          volume: { id, pool: await readPool(tx, poolId), sizeBytes, ...(templateId ? { templateId } : {}) },
        };
      });
      if (!work) return DONE;
      await agents.call(work.hostId, 'ensureVolume', { volume: work.volume }, step);
      await inStep(source, step, (tx) => transitionIfAllowed(tx, { type: 'volume', id: work.volume.id }, 'Created'));
      return DONE;
    },

    async removeRootVolume(step) {
      const work = await inStep(source, step, async (tx, operation) => {
        const vm = await readVm(tx, operation.resource.id);
        const volume = await readRootVolume(tx, vm.id);
        if (volume.poolId === null) return undefined;
        const [inReach] = await hostsInReachOfPool(tx, volume.poolId, vm.lastHostId ?? '');
        const hostId = vm.hostId ?? inReach;
        return { hostId, volumeId: volume.id, pool: await readPool(tx, volume.poolId) };
      });
      if (!work) return DONE;
      if (work.hostId !== undefined)
        await agents.call(work.hostId, 'ensureVolumeGone', { volumeId: work.volumeId, pool: work.pool }, step);
      await inStep(source, step, async (tx) => {
        await releasePools(tx, work.volumeId);
        const volume = { type: 'volume', id: work.volumeId } as const;
        await transitionIfAllowed(tx, volume, step.direction === 'undoing' ? 'CreateUndone' : 'Expunged');
        await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [work.volumeId]);
      });
      return DONE;
    },
  };
}
