/** Volumes of a directory pool: qcow2 overlays over one base image per template. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { VolumeOn } from '../pool-driver.js';
import { run } from '../process/run.js';
import { basePath, isPartialOf, templatesDir, volumePath, volumesDir } from './paths.js';
import { plainFileExists, requirePlainFolder } from '../files/plain-files.js';
import { qcow2VirtualSize } from './qcow2-header.js';

/** A file's path and the bytes it really takes. */
export interface VolumeFile {
  readonly path: string;
  readonly allocatedBytes: number;
}

/**
 * The volume exists with at least its size. An existing one grows when it is smaller; it never shrinks and is never
 * overwritten. A new one is complete or absent: it is made beside its place and renamed.
 *
 * @throws DurastackError `NOT_FOUND` when the base image is absent, `STEP_REFUSED` when qemu-img fails (disk full, volume in use)
 */
export async function ensureVolume(volume: VolumeOn<DirectoryPoolSpec>, signal: AbortSignal): Promise<VolumeFile> {
  const path = volumePath(volume);
  await requirePlainFolder(volumesDir(volume.pool));
  if (!(await plainFileExists(path))) await createVolume(volume, path, signal);
  await grow(path, volume.sizeBytes, signal);
  return { path, allocatedBytes: (await stat(path)).blocks * 512 };
}

/**
 * An existing volume that no machine uses has at least its size.
 *
 * @throws DurastackError `STEP_REFUSED` when there is no such volume
 */
export async function growVolume(
  volume: VolumeOn<DirectoryPoolSpec>,
  signal: AbortSignal,
): Promise<{ sizeBytes: number }> {
  const path = volumePath(volume);
  await requirePlainFolder(volumesDir(volume.pool));
  if (!(await plainFileExists(path)))
    throw new DurastackError('STEP_REFUSED', `There is no volume ${path} that could grow`);
  return { sizeBytes: await grow(path, volume.sizeBytes, signal) };
}

async function grow(path: string, wantedBytes: number, signal: AbortSignal): Promise<number> {
  const [sizeBytes, present] = [roundUp(wantedBytes), await qcow2VirtualSize(path)];
  if (present >= sizeBytes) return present;
  await run('qemu-img', ['resize', '-q', '-f', 'qcow2', path, String(sizeBytes)], { signal });
  return sizeBytes;
}

/** The volume and its unfinished files are gone. */
export async function ensureVolumeGone(volumeId: string, pool: DirectoryPoolSpec): Promise<void> {
  await requirePlainFolder(volumesDir(pool));
  await rm(volumePath({ id: volumeId, pool }), { force: true });
  await removePartials(volumeId, pool);
}

/** Ids of all volumes on the pool; none when it is not there. */
export function listVolumes(pool: DirectoryPoolSpec): Promise<string[]> {
  return listImages(volumesDir(pool));
}

/** Ids of all templates whose base image is on the pool; none when it is not there. */
export function listTemplates(pool: DirectoryPoolSpec): Promise<string[]> {
  return listImages(templatesDir(pool));
}

async function listImages(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => absentAsEmpty(error));
  return names.flatMap((name) => /^([0-9a-f-]{36})\.qcow2$/.exec(name)?.[1] ?? []);
}

async function createVolume(volume: VolumeOn<DirectoryPoolSpec>, path: string, signal: AbortSignal): Promise<void> {
  const { id, pool, templateId } = volume;
  // What an earlier, killed attempt left: one verb per volume runs at a time.
  await removePartials(id, pool);
  const partial = join(volumesDir(pool), `.${id}.${randomBytes(6).toString('hex')}.part`);
  const args = ['create', '-q', '-f', 'qcow2'];
  let sizeBytes = roundUp(volume.sizeBytes);
  if (templateId !== undefined) {
    const base = basePath(pool, templateId);
    await requirePlainFolder(dirname(base));
    if (!(await plainFileExists(base))) {
      throw new DurastackError('NOT_FOUND', `The pool has no base image ${base}; put the template on the pool first`);
    }
    sizeBytes = Math.max(sizeBytes, await qcow2VirtualSize(base));
    // Relative, so that the chain holds wherever the pool is mounted.
    args.push('-F', 'qcow2', '-b', join('..', 'templates', `${templateId}.qcow2`));
  }
  try {
    await run('qemu-img', [...args, partial, String(sizeBytes)], { signal });
    await flush(partial);
    await rename(partial, path);
    await flush(volumesDir(pool));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function removePartials(id: string, pool: DirectoryPoolSpec): Promise<void> {
  const names = await readdir(volumesDir(pool)).catch((error: NodeJS.ErrnoException) => absentAsEmpty(error));
  for (const name of names) if (isPartialOf(name, id)) await rm(join(volumesDir(pool), name), { force: true });
}

function absentAsEmpty(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** qemu-img wants whole sectors. */
function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 512) * 512;
}
