/** Image locks by QEMU itself, on directories of this machine: as they are, and through FUSE mounts, one for each "host". */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOCK_PROBE_ACTS } from '@durastack/contracts/agent/image-lock-verbs';
import type { VerbContext } from '../driver.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeldImages } from '../process/held-images.js';
import { heldVolumeKey, imageLockVerbs, type ImageLockVerbs } from './image-lock-verbs.js';

const context: VerbContext = { signal: new AbortController().signal, progress: () => undefined };
let root: string;
const holders: HeldImages[] = [];
const mounts: { readonly path: string; readonly process: ChildProcess }[] = [];

/** A host of its own: its own directory of holders. */
function host(): { held: HeldImages; verbs: ImageLockVerbs } {
  const held = new HeldImages(join(root, `held-${holders.length}`));
  holders.push(held);
  return { held, verbs: imageLockVerbs(held) };
}

/** The pool as a host sees it at this path. */
function pool(path: string) {
  mkdirSync(join(path, 'volumes'), { recursive: true });
  return { id: randomUUID(), kind: 'shared-mount-point' as const, path };
}

async function throughFuse(directory: string): Promise<string> {
  const path = join(root, `fuse-${mounts.length}`);
  mkdirSync(path);
  const process = spawn('bindfs', ['-f', directory, path], { stdio: 'ignore' });
  mounts.push({ path, process });
  for (let look = 0; look < 500 && !existsSync(join(path, 'volumes')); look += 1) await sleep(20);
  return path;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dura-locks-'));
});
afterEach(async () => {
  for (const held of holders.splice(0))
    for (const name of readdirSync(root).flatMap((dir) =>
      dir.startsWith('held-') ? readdirSync(join(root, dir)) : [],
    ))
      await held.letGo(name.replace(/\.(pid|until)$/, ''));
  for (const { path, process } of mounts.splice(0)) {
    execFileSync('fusermount', ['-u', '-z', path]);
    process.kill();
  }
  rmSync(root, { recursive: true, force: true });
});

describe('a held volume', () => {
  it('is kept from every other QEMU until it is let go, whichever process asks', async () => {
    const [one, other] = [host(), host()];
    const volume = { id: randomUUID(), pool: pool(root), sizeBytes: 2 ** 20 };
    const path = join(root, 'volumes', `${volume.id}.qcow2`);
    await expect(one.verbs.ensureVolumeHeld({ volume }, context)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
    expect(await one.verbs.ensureVolumeHeld({ volume }, context)).toEqual({ held: true });
    expect(await one.verbs.ensureVolumeHeld({ volume }, context)).toEqual({ held: true });
    expect(await other.verbs.ensureVolumeHeld({ volume }, context)).toEqual({ held: false });
    expect(() => execFileSync('qemu-io', ['-c', 'write 0 512', path], { stdio: 'pipe' })).toThrow('write');
    expect(await other.verbs.ensureVolumeLetGo({ volume }, context)).toEqual({});
    expect(await other.verbs.ensureVolumeHeld({ volume }, context)).toEqual({ held: false });
    // The agent was started anew: the holder is still there, and is found.
    const again = imageLockVerbs(new HeldImages(join(root, 'held-0')));
    expect(await again.ensureVolumeLetGo({ volume }, context)).toEqual({});
    expect(await again.ensureVolumeLetGo({ volume }, context)).toEqual({});
    expect(await other.verbs.ensureVolumeHeld({ volume }, context)).toEqual({ held: true });
  });

  it('is let go by itself when nobody asks for it again in time', async () => {
    const { held } = host();
    const volume = { id: randomUUID(), pool: pool(root), sizeBytes: 2 ** 20 };
    const path = join(root, 'volumes', `${volume.id}.qcow2`);
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
    const key = heldVolumeKey(volume);
    expect(await held.hold({ key, path, lastsMs: 60_000 })).toBe(true);
    await held.letGoOfOverdue();
    expect(() => execFileSync('qemu-io', ['-c', 'write 0 512', path], { stdio: 'pipe' })).toThrow('write');
    expect(await held.hold({ key, path, lastsMs: -1 })).toBe(true);
    await held.letGoOfOverdue();
    expect(execFileSync('qemu-io', ['-c', 'write 0 512', path], { encoding: 'utf8' })).toContain('wrote');
    expect(readdirSync(join(root, 'held-0'))).toEqual([]);
  });

  it('that is no image is refused with what QEMU says, and nothing is left', async () => {
    const { held } = host();
    const order = { key: 'x', path: join(root, 'none.qcow2'), lastsMs: 60_000 };
    await expect(held.hold(order)).rejects.toMatchObject({
      code: 'STEP_REFUSED',
      message: expect.stringContaining('none.qcow2'),
    });
    expect(readdirSync(join(root, 'held-0'))).toEqual([]);
  });
});

describe('a trial', () => {
  const trial = async (ofOne: string, ofOther: string) => {
    const [one, other] = [host(), host()];
    const probeId = randomUUID();
    const at = { one: { pool: pool(ofOne), verbs: one.verbs }, other: { pool: pool(ofOther), verbs: other.verbs } };
    const act = async (by: keyof typeof at, what: (typeof LOCK_PROBE_ACTS)[number]) =>
      (await at[by].verbs.probeImageLock({ pool: at[by].pool, probeId, act: what }, context)).finding;
    const findings = [
      ...[await act('one', 'hold'), await act('other', 'try'), await act('one', 'release')],
      ...[await act('other', 'hold'), await act('one', 'try'), await act('other', 'end'), await act('one', 'end')],
    ];
    expect(readdirSync(join(ofOne, 'volumes'))).toEqual([]);
    return findings;
  };

  it('on one file system: each is refused while the other holds', async () => {
    expect(await trial(root, root)).toEqual([
      ...['held', 'refused', 'released'],
      ...['held', 'refused', 'released', 'released'],
    ]);
  });

  it('through two FUSE mounts of one directory: both open it', async () => {
    mkdirSync(join(root, 'under', 'volumes'), { recursive: true });
    const [one, other] = [await throughFuse(join(root, 'under')), await throughFuse(join(root, 'under'))];
    expect((await trial(one, other)).filter((finding) => finding === 'refused')).toEqual([]);
  });

  it('in two directories that are not the same: the other finds nothing', async () => {
    mkdirSync(join(root, 'other'));
    expect((await trial(root, join(root, 'other')))[1]).toBe('absent');
  });
});
