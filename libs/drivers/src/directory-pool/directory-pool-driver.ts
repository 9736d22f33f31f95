/** Directories as pools. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { plainFileExists } from '../files/plain-files.js';
import { requireReachable } from '../files/reachable.js';
import { ensureTemplateGoneFromPool, ensureTemplateOnPool } from '../image/image-files.js';
import type { DiskSource, PoolDriver, VolumeOn } from '../pool-driver.js';
import { basePath, volumePath } from './paths.js';
import { readBeat, removeBeat, writeBeat } from './beats.js';
import { ensurePool, ensurePoolGone } from './pools.js';
import { qcow2VirtualSize } from './qcow2-header.js';
import { ensureVolume, ensureVolumeGone, growVolume, listTemplates, listVolumes } from './volumes.js';

/** See the module's head. */
export const directoryPoolDriver: PoolDriver<DirectoryPoolSpec> = {
  ensurePool: (pool) => ensurePool(pool),
  ensurePoolGone,
  ensureVolume,
  growVolume,
  ensureVolumeGone,
  ensureTemplateOnPool,
  ensureTemplateGoneFromPool: (templateId, pool) => ensureTemplateGoneFromPool(templateId, pool),
  listVolumes,
  listTemplates,
  beat: writeBeat,
  readBeat,
  endBeats: removeBeat,
  openDisk: async (volume, qemu) => {
    const path = await requireVolume(volume);
    await requireReachable(dirname(path), qemu, 'give that directory `chmod o+x`, or the pool another path');
    return diskSource(volume);
  },
  diskSource,
  forTools: async (volume) => {
    const name = await requireVolume(volume);
    const files = volume.templateId === undefined ? [name] : [name, basePath(volume.pool, volume.templateId)];
    const allocated = await Promise.all(files.map(async (file) => (await stat(file)).blocks * 512));
    return {
      name,
      format: 'qcow2',
      sizeBytes: await qcow2VirtualSize(name),
      allocatedBytes: allocated.reduce((sum, bytes) => sum + bytes, 0),
      shared: isShared(volume.pool),
    };
  },
};

async function requireVolume(volume: VolumeOn<DirectoryPoolSpec>): Promise<string> {
  const path = volumePath(volume);
  if (await plainFileExists(path)) return path;
  throw new DurastackError('STEP_REFUSED', `The volume ${path} is not on this host; make or mount it first`);
}

const isShared = ({ kind }: DirectoryPoolSpec): boolean => kind === 'shared-mount-point';

function diskSource(volume: VolumeOn<DirectoryPoolSpec>): DiskSource {
  const { pool, templateId } = volume;
  return {
    type: 'file',
    path: volumePath(volume),
    format: 'qcow2',
    ...(templateId === undefined ? {} : { backing: basePath(pool, templateId) }),
    shared: isShared(pool),
  };
}
