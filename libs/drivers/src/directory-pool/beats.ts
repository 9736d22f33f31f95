/** Heartbeats of hosts in a directory that they share: a small file for each. */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBeat, type PoolBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { beatsDir } from './paths.js';

/** Larger than a heartbeat: one that overwrites another is written whole. */
const BYTES = 256;

const fileOf = (pool: DirectoryPoolSpec, hostId: string): string => join(beatsDir(pool), hostId);

/** Writes it over the last one. Opened and closed each time: that is when NFS sends, and asks. */
export async function writeBeat(pool: DirectoryPoolSpec, beat: PoolBeat): Promise<void> {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
  const file = await open(fileOf(pool, beat.hostId), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    await file.write(JSON.stringify(beat).padEnd(BYTES), 0);
  } finally {
    await file.close();
  }
}

/** The last one of a host; undefined: it has written none that can be read. */
export async function readBeat(pool: DirectoryPoolSpec, hostId: string): Promise<PoolBeat | undefined> {
  const file = await open(fileOf(pool, hostId), constants.O_RDONLY | constants.O_NOFOLLOW).catch(absent);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES), 0, BYTES, 0);
    return parseBeat(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/** The host writes there no more. */
export async function removeBeat(pool: DirectoryPoolSpec, hostId: string): Promise<void> {
  await rm(fileOf(pool, hostId), { force: true });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
