/** Heartbeats on a directory that hosts share. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBeat, removeBeat, writeBeat } from '../directory-pool/beats.js';
import { directoryPoolDriver } from '../directory-pool/directory-pool-driver.js';
import { PoolBeats, type BeatingPool } from './pool-beats.js';

const [OTHER, OWN] = [randomUUID(), randomUUID()];
const signal = new AbortController().signal;
let root: string;
let pool: { id: string; kind: 'shared-mount-point'; path: string };
let writers: NodeJS.Timeout[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dura-beats-'));
  pool = { id: randomUUID(), kind: 'shared-mount-point', path: root };
  mkdirSync(join(root, 'heartbeats'));
  writers = [];
});
afterEach(() => {
  for (const writer of writers) clearInterval(writer);
  rmSync(root, { recursive: true, force: true });
});

const driver = directoryPoolDriver as unknown as BeatingPool;
const beats = () => new PoolBeats(() => driver);
const write = (hostId: string) => writeBeat(pool, { hostId, bootId: 'boot', count: Date.now() });

/** The host writes again and again. */
async function goesOn(hostId: string): Promise<void> {
  await write(hostId);
  writers.push(setInterval(() => void write(hostId).catch(() => undefined), 50));
}

const watch = (on: PoolBeats = beats(), forMs = 1_500) =>
  on.watch({ hostId: OTHER, ownId: OWN, pools: [pool], forMs }, signal).then(({ seen }) => seen[0]?.beats);

describe('a host that others look at', () => {
  it('goes on as soon as it has written again', async () => {
    await goesOn(OTHER);
    expect(await watch(beats(), 20_000)).toBe('go on');
  });

  it('has stopped when only the one who looks goes on', async () => {
    await write(OTHER);
    await goesOn(OWN);
    expect(await watch()).toBe('stopped');
  });

  it('is not said to have stopped while nobody can write, when it never wrote, or when its file is none', async () => {
    await write(OTHER);
    await write(OWN);
    expect(await watch()).toBeUndefined();
    await removeBeat(pool, OTHER);
    await goesOn(OWN);
    expect(await watch()).toBeUndefined();
    writeFileSync(join(root, 'heartbeats', OTHER), 'x'.repeat(300));
    expect(await watch()).toBeUndefined();
  });

  it('is not looked at through a link that somebody has put there', async () => {
    symlinkSync('/etc/passwd', join(root, 'heartbeats', OTHER));
    expect(await watch()).toBeUndefined();
    await expect(write(OTHER)).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('on a pool that hangs is not waited for, by one reader and one writer alone', async () => {
    let calls = 0;
    const hang = () => {
      calls += 1;
      return new Promise<never>(() => {});
    };
    const hung = new PoolBeats(() => ({ beat: hang, readBeat: hang }));
    const looks = [1, 2, 3].map((count) => {
      void hung.write([pool], { hostId: OWN, bootId: 'boot', count });
      return watch(hung, 100);
    });
    expect(await Promise.all(looks)).toEqual([undefined, undefined, undefined]);
    expect(calls).toBe(2);
  });
});

it('a heartbeat is read as it was written, also over a longer one', async () => {
  await writeBeat(pool, { hostId: OWN, bootId: 'b'.repeat(64), count: 2 ** 40 });
  await writeBeat(pool, { hostId: OWN, bootId: 'b', count: 1 });
  expect(await readBeat(pool, OWN)).toEqual({ hostId: OWN, bootId: 'b', count: 1 });
});
