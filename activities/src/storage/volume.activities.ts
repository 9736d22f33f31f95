import { DurastackError } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import type { VolumePorts } from '@durastack/contracts/storage/volume.ports';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { claim, releasePools, reservePool } from '@durastack/store/operations/reservations';
import { inStep, underStep } from '@durastack/store/operations/run';
import { readVolume } from '@durastack/store/storage/volume-row';
import type { ActivityDependencies } from '../dependencies.js';
import { removeVolume } from './volume-hosts.js';
import { readVolumeWork } from './volume-work.js';

/** See {@link VolumePorts}. */
export function createActivities({ source, agents }: ActivityDependencies): VolumePorts {
  return {
    reserveVolumeRoom: (step) =>
      inStep(source, step, async (tx, { id, resource, input }) => {
        const poolId = input['storageId'];
        if (typeof poolId !== 'string') return DONE;
        const { name, sizeBytes } = await readVolume(tx, resource.id);
        if (!(await reservePool(tx, { volumeId: resource.id, poolId, sizeBytes })))
          throw new DurastackError(
            'NO_CAPACITY',
            `The storage pool ${poolId} is not up, not enabled, or has no ${sizeBytes} bytes left for ${name}.`,
          );
        await claim(tx, id, [{ type: 'storage-pool', id: poolId }]);
        await tx.execute('UPDATE volume SET pool_id = ? WHERE id = ?', [poolId, resource.id]);
        return DONE;
      }),

    releaseVolumeRoom: (step) =>
      inStep(source, step, async (tx, { resource }) => {
        await releasePools(tx, resource.id);
        await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [resource.id]);
        return DONE;
      }),

    async makeVolume(step) {
      const work = await inStep(source, step, async (tx, { resource }) => {
        const row = await readVolume(tx, resource.id);
        // A disk that was made holds the tenant's data: were it gone, an empty one must not take its place.
        return row.state === 'Allocated' ? readVolumeWork(tx, row) : undefined;
      });
      if (work) await agents.call(work.hostId, 'ensureVolume', { volume: work.volume }, step);
      return DONE;
    },

    async unmakeVolume(step) {
      const work = await inStep(source, step, async (tx, { resource, input }) => {
        const row = await readVolume(tx, resource.id);
        const ours = row.vmId === (input['vmId'] ?? null) && row.attachedAt === null;
        return ours && row.state === 'Allocated' ? readVolumeWork(tx, row) : undefined;
      });
      if (!work) return DONE;
      const { id: volumeId, pool } = work.volume;
      await removeVolume({ source, agents }, { volumeId, pool, hostId: work.hostId }, step);
      return DONE;
    },

    ensureVolumeFree: (step) =>
      inStep(source, step, async (tx, { resource }) => {
        const { name, vmId, kind } = await readVolume(tx, resource.id);
        const attached = vmId === null ? undefined : `is attached to the virtual machine ${vmId}; detach it first`;
        const why = kind === 'DATADISK' ? attached : 'is the root disk of a machine; expunge that';
        if (why !== undefined) throw new DurastackError('NOT_ALLOWED_IN_STATE', `The volume ${name} ${why}.`);
        return DONE;
      }),

    async removeVolume(step) {
      const { volumeId, work } = await inStep(source, step, async (tx, { resource }) => ({
        volumeId: resource.id,
        work: await readVolumeWork(tx, await readVolume(tx, resource.id)),
      }));
      if (work) await removeVolume({ source, agents }, { volumeId, pool: work.volume.pool, hostId: work.hostId }, step);
      await underStep(source, step, async (tx) => {
        await releasePools(tx, volumeId);
        await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [volumeId]);
        await forgetDescriptions(tx, { type: 'volume', id: volumeId });
      });
      return DONE;
    },
  };
}
