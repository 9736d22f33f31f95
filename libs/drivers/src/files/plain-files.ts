/**
 * Nothing in a pool or image store is reached through a symbolic link: whoever can write there (a shared file system
 * has many writers) could lead the agent, who is root, to any file of the host.
 */
import { lstat } from 'node:fs/promises';
import { DurastackError } from '@durastack/contracts/errors';

/**
 * The folder is a directory itself, or absent.
 *
 * @throws DurastackError `STEP_REFUSED` when it is anything else
 */
export async function requirePlainFolder(path: string): Promise<void> {
  const found = await lstatOrAbsent(path);
  if (found && !found.isDirectory()) throw refused(path, 'a directory');
}

/**
 * Whether there is a file; a regular one.
 *
 * @throws DurastackError `STEP_REFUSED` when there is anything else
 */
export async function plainFileExists(path: string): Promise<boolean> {
  const found = await lstatOrAbsent(path);
  if (found && !found.isFile()) throw refused(path, 'a file');
  return found !== undefined;
}

async function lstatOrAbsent(path: string) {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

function refused(path: string, expected: string): DurastackError {
  return new DurastackError('STEP_REFUSED', `${path} is not ${expected} itself; remove what stands in its place`);
}
