/** One changing command per instance at a time. */
import { DurastackError } from '@durastack/contracts/errors';
import { tryLock } from './file-lock.js';
import type { Home } from './home.js';

/**
 * Runs work under the home's lock.
 *
 * @throws CONFLICT at once when another command holds it
 */
export async function withHomeLock<T>(home: Home, work: () => Promise<T>): Promise<T> {
  const lock = await tryLock(home.lockFile);
  if (lock === undefined) {
    const message = `Another dura command is changing the instance in ${home.root}; wait until it has ended.`;
    throw new DurastackError('CONFLICT', message);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
