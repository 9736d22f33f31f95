/** Directory pools: a local directory, or a directory that somebody mounted on every host of the cluster. */
import { mkdir, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { POOL_FOLDERS } from './paths.js';
import { requirePlainFolder } from '../files/plain-files.js';

/** A pool's size as its file system tells. */
export interface PoolSize {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

/**
 * The pool is reachable and writable here, with its folders.
 *
 * @returns its size
 * @throws DurastackError `STEP_REFUSED` when a shared pool is not mounted, or nothing can be written there
 */
export async function ensurePool(pool: DirectoryPoolSpec): Promise<PoolSize> {
  if (pool.kind === 'shared-mount-point') await requireMounted(pool.path);
  try {
    for (const folder of POOL_FOLDERS) {
      await mkdir(join(pool.path, folder), { recursive: true, mode: 0o711 });
      await requirePlainFolder(join(pool.path, folder));
    }
    const trial = join(pool.path, 'volumes', `.${pool.id}.${randomBytes(6).toString('hex')}.part`);
    await writeFile(trial, 'writable?');
    await rm(trial);
  } catch (cause) {
    throw asDurastackError(cause, 'STEP_REFUSED', `Pool directory ${pool.path} cannot be written to; check its mount`);
  }
  return poolSize(pool);
}

/** The pool's size in bytes. */
export async function poolSize(pool: DirectoryPoolSpec): Promise<PoolSize> {
  const { blocks, bavail, bsize } = await statfs(pool.path);
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
}

/** The pool's folders are gone if they are empty; what others put there stays. */
export async function ensurePoolGone(pool: DirectoryPoolSpec): Promise<void> {
  for (const folder of POOL_FOLDERS) {
    await rmdir(join(pool.path, folder)).catch((error: NodeJS.ErrnoException) => {
      const kept = ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'];
      if (!kept.includes(error.code ?? '')) throw error;
    });
  }
}

/** Without this a write would go below the mount point, to the host's own disk. */
async function requireMounted(path: string): Promise<void> {
  const here = await stat(path).catch(() => undefined);
  const above = await stat(dirname(path)).catch(() => undefined);
  if (here === undefined || above === undefined || here.dev === above.dev) {
    throw new DurastackError(
      'STEP_REFUSED',
      `No file system is mounted on ${path}; mount the shared pool on this host`,
    );
  }
}
