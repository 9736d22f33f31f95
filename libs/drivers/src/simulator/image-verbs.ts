import { createHash } from 'node:crypto';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, VerbContext } from '../driver.js';
import { sleep } from './faults.js';
import { has } from './plugging.js';
import type { SimulatedWorld } from './world.js';

const IMAGE_BYTES = 16 * 2 ** 20;
const VIRTUAL_BYTES = 2 ** 30;
const PARTS = 10;

type ImageVerbs = Pick<
  DriverVerbs,
  'fetchImage' | 'storeVolumeImage' | 'ensureImageGone' | 'ensureTemplateOnPool' | 'ensureTemplateGoneFromPool'
>;

/**
 * Images of a simulated host.
 *
 * @param transferMs how long a fetch or a copy takes, with progress
 */
export function imageVerbs(world: SimulatedWorld, hostId: string, transferMs: number): ImageVerbs {
  const transfer = async (what: string, { signal, progress }: VerbContext): Promise<void> => {
    for (let part = 0; part < PARTS && transferMs > 0; part += 1) {
      progress((100 * part) / PARTS, what);
      await sleep(transferMs / PARTS, signal);
    }
    signal.throwIfAborted();
  };
  return {
    fetchImage: async ({ templateId, store, url, maxBytes, maxVirtualBytes, checksum }, context) => {
      const present = world.images(store.id)[templateId];
      if (present !== undefined) return { ...present };
      if (IMAGE_BYTES > maxBytes || VIRTUAL_BYTES > maxVirtualBytes) {
        throw new DurastackError('IMAGE_REFUSED', `The image at ${new URL(url).host} is larger than allowed.`);
      }
      await transfer('fetching', context);
      const given = /^(?:\{SHA-256\})?([0-9a-f]{64})$/i.exec(checksum ?? '')?.[1]?.toLowerCase();
      const sha256 = given ?? createHash('sha256').update(url).digest('hex');
      const image = { sizeBytes: IMAGE_BYTES, virtualSizeBytes: VIRTUAL_BYTES, sha256 };
      world.images(store.id)[templateId] = image;
      world.save(hostId);
      return image;
    },
    storeVolumeImage: (params, context) => storeVolume(world, hostId, params, () => transfer('copying', context)),
    ensureImageGone: async ({ templateId, store }) => {
      delete world.images(store.id)[templateId];
      world.save(hostId);
      return {};
    },
    ensureTemplateOnPool: async ({ templateId, store, pool }, context) => {
      const present = world.pool(hostId, pool).templates[templateId];
      if (present !== undefined) return { sizeBytes: present.sizeBytes };
      const image = world.images(store.id)[templateId];
      if (image === undefined) {
        throw new DurastackError('NOT_FOUND', `Store ${store.id} has no image ${templateId}; fetch it first.`);
      }
      await transfer('copying', context);
      const { sizeBytes, virtualSizeBytes } = image;
      world.pool(hostId, pool).templates[templateId] = { sizeBytes, virtualSizeBytes };
      world.save(hostId);
      return { sizeBytes };
    },
    ensureTemplateGoneFromPool: async ({ templateId, pool }) => {
      delete world.content(hostId, pool).templates[templateId];
      world.save(hostId);
      return {};
    },
  };
}

async function storeVolume(
  world: SimulatedWorld,
  hostId: string,
  { templateId, store, volume }: VerbParams<'storeVolumeImage'>,
  transfer: () => Promise<void>,
): Promise<VerbResult<'storeVolumeImage'>> {
  const disk = world.content(hostId, volume.pool).volumes[volume.id];
  if (disk === undefined) throw new DurastackError('STEP_REFUSED', `There is no volume ${volume.id} on its pool.`);
  if (Object.values(world.host(hostId).vms).some((vm) => vm.power !== 'off' && has(vm, volume.id)))
    throw new DurastackError('STEP_REFUSED', `Volume ${volume.id} is in use.`);
  await transfer();
  const sizes = { sizeBytes: IMAGE_BYTES, virtualSizeBytes: disk.sizeBytes };
  world.images(store.id)[templateId] = { ...sizes, sha256: createHash('sha256').update(volume.id).digest('hex') };
  world.save(hostId);
  return sizes;
}
