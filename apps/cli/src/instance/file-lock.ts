/** Locks between processes that the kernel gives back when their holder dies. */
import { closeSync, openSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { DurastackError } from '@durastack/contracts/errors';

/** A held lock. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock of a file at once, or not at all.
 *
 * flock(2) belongs to the open file, which a child shares: `flock` in a child locks it for this process too.
 *
 * @param path made when missing
 * @returns undefined when another process holds it
 * @throws ENVIRONMENT when the `flock` program is missing
 */
export async function tryLock(path: string): Promise<FileLock | undefined> {
  const descriptor = openSync(path, 'a', 0o600);
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  }).catch((error: unknown) => {
    closeSync(descriptor);
    throw new DurastackError('ENVIRONMENT', 'The program flock is missing; install the package util-linux.', {
      cause: error,
    });
  });
  if (code !== 0) {
    closeSync(descriptor);
    return undefined;
  }
  return { release: () => closeSync(descriptor) };
}
