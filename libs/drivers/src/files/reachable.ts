/** What the user that QEMU runs as must be able to reach. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';

/** Numbers of a user and its group. */
export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

const OTHERS_PASS = 0o001;
const GROUP_PASSES = 0o010;
const OWNER_PASSES = 0o100;

/**
 * Every directory from the root to `dir` lets that user pass.
 *
 * @param what what the directory is for, and how it is mended
 * @throws DurastackError `STEP_REFUSED` naming the first that does not
 */
export async function requireReachable(dir: string, user: HostUser, what: string): Promise<void> {
  if (user.uid === 0) return;
  for (const path of ancestors(resolve(dir))) {
    const { uid, gid, mode } = await stat(path);
    const needed = uid === user.uid ? OWNER_PASSES : gid === user.gid ? GROUP_PASSES : OTHERS_PASS;
    if ((mode & needed) !== 0) continue;
    const text = `QEMU runs as user ${user.uid} on this host and may not pass through ${path} (mode ${(mode & 0o777).toString(8)})`;
    throw new DurastackError('STEP_REFUSED', `${text}: ${what}`);
  }
}

function ancestors(dir: string): string[] {
  const above = dirname(dir);
  return above === dir ? [dir] : [...ancestors(above), dir];
}
