import type { VmVolumePorts } from '@durastack/contracts/compute/vm.ports';
import type { PoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { invariant, isDurastackError } from '@durastack/contracts/errors';
import { DONE, pending } from '@durastack/contracts/operations/step';
import type { Tx } from '@durastack/store/database/transaction';
import { releasePools } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { ActivityDependencies } from '../dependencies.js';
import { hostsInReachOfPool } from '../storage/pool-hosts.js';
import { removeVolume } from '../storage/volume-hosts.js';
import { taskOutcome } from '../task-outcome.js';
import {
  makeDataVolumes,
  readNewDataVolumes,
  readUnfinished,
  removeChosenVolumes,
  unmakeDataVolumes,
} from '../storage/data-volumes.js';
import { readLeftCopies } from './left-copies.js';
import { readTemplateStore, readVmAndDisk, type RootVolumeRow } from './vm-rows.js';

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
      const { hostId, volume, copy } = { hostId: work.hostId, ...work.root };
      if (copy) {
        const outcome = taskOutcome(await agents.task(hostId, 'ensureTemplateOnPool', copy, step));
        if (!outcome.done) return outcome;
        await underStep(source, step, (tx) => markTemplate(tx, volume, 'ready'));
      }
      try {
        await agents.call(hostId, 'ensureVolume', { volume }, step);
      } catch (error) {
        if (!isDurastackError(error, 'NOT_FOUND') || copy) throw error;
        // Somebody took the base image away: it is copied again.
        await underStep(source, step, (tx) => markTemplate(tx, volume, 'absent'));
        return pending(0, 'the base image is missing on the pool');
      }
      await underStep(source, step, (tx) => transitionIfAllowed(tx, { type: 'volume', id: volume.id }, 'Created'));
      return DONE;
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
        return { hostId: vm.hostId ?? inReach, volumeId: volume.id, pool, dataVolumes, copies };
      });
      if (!work) return DONE;
      const { hostId, volumeId, pool, dataVolumes } = work;
      if (hostId !== undefined) {
        await unmakeDataVolumes({ source, agents }, step, { hostId, volumes: dataVolumes });
        await removeVolume({ source, agents }, { volumeId, pool, hostId }, step);
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

interface RootWork {
  readonly volume: VolumeSpec;
  /** Given when the base image has to be copied to the pool first. */
  readonly copy?: VerbParams<'ensureTemplateOnPool'>;
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

async function readRootWork(tx: Tx, { id, sizeBytes, templateId }: RootVolumeRow, pool: PoolSpec): Promise<RootWork> {
  const volume = { id, pool, sizeBytes, ...(templateId ? { templateId } : {}) };
  if (templateId === null) return { volume };
  const [known] = await tx.query<{ ready: number }>(
    'SELECT ready_at IS NOT NULL AS ready FROM template_on_pool WHERE template_id = ? AND pool_id = ?',
    [templateId, pool.id],
  );
  if (known?.ready === 1) return { volume };
  // Written before the copy, so that removal of the template finds it.
  await tx.execute(
    'INSERT INTO template_on_pool (template_id, pool_id, created_at) VALUES (?, ?, NOW(3)) ON DUPLICATE KEY UPDATE pool_id = VALUES(pool_id)',
    [templateId, pool.id],
  );
  return { volume, copy: { templateId, store: await readTemplateStore(tx, templateId), pool } };
}

/** Notes whether a pool has the base image of a volume. */
async function markTemplate(tx: Tx, { templateId, pool }: VolumeSpec, is: 'ready' | 'absent'): Promise<void> {
  await tx.execute('UPDATE template_on_pool SET ready_at = IF(?, NOW(3), NULL) WHERE template_id = ? AND pool_id = ?', [
    is === 'ready',
    templateId,
    pool.id,
  ]);
}
