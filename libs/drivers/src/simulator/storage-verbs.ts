import type { PoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs } from '../driver.js';
import type { SimulatedWorld } from './world.js';

/** What a fresh qcow2 overlay takes. */
const EMPTY_VOLUME_BYTES = 196_608;

type StorageVerbs = Pick<
  DriverVerbs,
  'ensureVolume' | 'ensureVolumeGone' | 'getVolumeSizes' | 'ensureVolumeSize' | 'ensurePool' | 'ensurePoolGone'
>;

/** Volumes and pools of a simulated host. */
export function storageVerbs(world: SimulatedWorld, hostId: string): StorageVerbs {
  return {
    ensureVolume: async ({ volume }) => {
      const pool = world.pool(hostId, volume.pool);
      const template = volume.templateId === undefined ? undefined : pool.templates[volume.templateId];
      const present = pool.volumes[volume.id];
      if (present === undefined && volume.templateId !== undefined && template === undefined) {
        const message = `Pool ${volume.pool.id} has no base image ${volume.templateId}; put the template there first.`;
        throw new DurastackError('NOT_FOUND', message);
      }
      const least = Math.max(volume.sizeBytes, present?.sizeBytes ?? template?.virtualSizeBytes ?? 0);
      const { templateId } = present ?? volume;
      pool.volumes[volume.id] = { ...present, sizeBytes: least, ...(templateId === undefined ? {} : { templateId }) };
      world.save(hostId);
      if (present === undefined) world.note(hostId, 'volume-made', volume.id);
      return { path: `${placeOf(volume.pool)}/volumes/${volume.id}.qcow2`, allocatedBytes: EMPTY_VOLUME_BYTES };
    },
    ensureVolumeGone: async ({ volumeId, pool }) => {
      const { volumes } = world.content(hostId, pool);
      if (volumes[volumeId] !== undefined) world.note(hostId, 'volume-gone', volumeId);
      delete volumes[volumeId];
      world.save(hostId);
      return {};
    },
    getVolumeSizes: async ({ volumes }) => ({ sizes: volumes.map((volume) => sizeOf(world, hostId, volume)) }),
    ensureVolumeSize: async ({ volume }) => {
      const present = world.pool(hostId, volume.pool).volumes[volume.id];
      if (present === undefined)
        throw new DurastackError('STEP_REFUSED', `There is no volume ${volume.id} on pool ${volume.pool.id} to grow.`);
      present.sizeBytes = Math.max(present.sizeBytes, volume.sizeBytes);
      world.save(hostId);
      return { sizeBytes: present.sizeBytes };
    },
    ensurePool: async ({ pool, secret }) => {
      const known = world.host(hostId).pools[pool.id];
      if (pool.kind === 'rbd' && secret === undefined && known === undefined)
        throw new DurastackError('POOL_UNKNOWN', `Host ${hostId} was not told the key of storage pool ${pool.id}.`);
      world.host(hostId).pools[pool.id] = pool;
      // The folders of a shared one, which are there for every host now.
      world.content(hostId, pool);
      world.save(hostId);
      return poolSize(world, hostId, pool);
    },
    ensurePoolGone: async ({ pool }) => {
      delete world.host(hostId).pools[pool.id];
      world.save(hostId);
      return {};
    },
  };
}

function sizeOf(world: SimulatedWorld, hostId: string, { id, pool }: VolumeSpec) {
  const present = world.pool(hostId, pool).volumes[id];
  if (present === undefined) throw new DurastackError('STEP_REFUSED', `There is no volume ${id} on pool ${pool.id}.`);
  return { id, sizeBytes: present.sizeBytes, allocatedBytes: EMPTY_VOLUME_BYTES };
}

const placeOf = (pool: PoolSpec): string => (pool.kind === 'rbd' ? `rbd:${pool.pool}` : pool.path);

/** A pool's size: what its volumes and base images take is gone from it. */
export function poolSize(
  world: SimulatedWorld,
  hostId: string,
  pool: PoolSpec,
): { capacityBytes: number; availableBytes: number } {
  const { volumes, templates } = world.look(hostId, pool);
  const capacityBytes = world.host(hostId).poolBytes;
  const bases = Object.values(templates).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const used = Object.keys(volumes).length * EMPTY_VOLUME_BYTES + bases;
  return { capacityBytes, availableBytes: Math.max(0, capacityBytes - used) };
}
