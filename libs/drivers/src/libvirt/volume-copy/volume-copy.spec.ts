import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PoolSpec, VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { volumePath } from '../../directory-pool/paths.js';
import type { HostDriver, VerbContext } from '../../driver.js';
import { ensureTemplateOnPool } from '../../image/image-files.js';
import { run } from '../../process/run.js';
import { countSeen, lastCount, writingDisk } from '../../testing/writing-guest.js';
import { createLibvirtDriver, type ImageVerbs } from '../driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from '../libvirtd-fixture.js';
import { abortBlockCopy, blockJob } from '../rpc/block-jobs.js';
import { LibvirtClient, type Domain } from '../rpc/client.js';
import { vmOf } from '../vm-fixture.js';
import { defineOn, readDefinition } from './disk-definition.js';

const MIB = 2 ** 20;
const SIZE_BYTES = 32 * MIB;
/** So slow that a test can look at the copy while it is made. */
const SLOWLY = 8 * MIB;

let libvirtd: LibvirtdFixture;
let driver: HostDriver;
let raw: LibvirtClient;
let pools: { from: PoolSpec; to: PoolSpec };
let templateId: string;
const made: VmSpec[] = [];
let nextHost = 10;

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec fetches no images');
};
const images: ImageVerbs = { fetchImage: refuse, ensureImageGone: refuse };
const context = (signal = new AbortController().signal): VerbContext => ({ signal, progress: () => undefined });

const makeDriver = (): HostDriver =>
  createLibvirtDriver({
    socketPath: libvirtd.socketPath,
    stateDir: join(libvirtd.dir, 'state'),
    instance: libvirtd.instance,
    networkNamespace: libvirtd.networkNamespace,
    accelerator: 'tcg',
    images,
  });

beforeAll(async () => {
  libvirtd = await startLibvirtdFixture();
  raw = new LibvirtClient({ socketPath: libvirtd.socketPath });
  const pool = (name: string): PoolSpec => ({ id: randomUUID(), kind: 'directory', path: join(libvirtd.dir, name) });
  pools = { from: pool('from'), to: pool('to') };
  driver = makeDriver();
  await driver.start(() => undefined);
  for (const one of [pools.from, pools.to]) await driver.verbs.ensurePool({ pool: one }, context());
  templateId = randomUUID();
  const store = { id: randomUUID(), path: join(libvirtd.dir, 'store') };
  await mkdir(store.path);
  const disk = join(libvirtd.dir, 'disk.raw');
  await writeFile(disk, writingDisk(SIZE_BYTES));
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk, join(store.path, `${templateId}.qcow2`)]);
  await rm(disk);
  await ensureTemplateOnPool({ templateId, store, pool: pools.from as never }, context());
});
afterEach(async () => {
  for (const vm of made.splice(0)) {
    await driver.verbs.ensureVmGone({ vmId: vm.id }, context());
    for (const pool of [pools.from, pools.to])
      await driver.verbs.ensureVolumeGone({ volumeId: vm.rootVolume.id, pool }, context());
  }
});
afterAll(async () => {
  await driver.stop();
  raw.close();
  await libvirtd.end();
});

type Copy = VerbParams<'copyVolume'>;

/** A machine that writes, and the move of its disk. */
async function writing(bytesPerSecond?: number): Promise<{ vm: VmSpec; copy: Copy }> {
  const volume: VolumeSpec = { id: randomUUID(), pool: pools.from, sizeBytes: SIZE_BYTES, templateId };
  await driver.verbs.ensureVolume({ volume }, context());
  const vm = vmOf({ instance: libvirtd.instance, volume, networks: [], host: nextHost++ });
  made.push(vm);
  await driver.verbs.ensureVmRunning({ vm }, context());
  const target = { id: volume.id, pool: pools.to, sizeBytes: SIZE_BYTES };
  const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond };
  return { vm, copy: { copyId: randomUUID(), volume, target, vmId: vm.id, ...rate } };
}

async function contentOf(volume: VolumeSpec): Promise<Buffer> {
  const raw = join(libvirtd.dir, `${randomUUID()}.raw`);
  await run('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', volumePath(volume as never), raw]);
  try {
    return await readFile(raw);
  } finally {
    await rm(raw);
  }
}

const stop = (vm: VmSpec) => driver.verbs.ensureVmStopped({ vmId: vm.id }, context());
/** How many files carry the volume's name, on the source and on the target pool. */
const files = async ({ volume, target }: Copy) => {
  const on = async ({ pool }: VolumeSpec) =>
    (await readdir(join((pool as { path: string }).path, 'volumes'))).filter((name) => name.includes(volume.id)).length;
  return { source: await on(volume), target: await on(target) };
};
const pathIn = (xml: string) => readDefinition(xml).disks[0]?.source?.['@file'];
async function domainOf({ id }: VmSpec): Promise<Domain> {
  const domain = await raw.domainByUuid(id);
  if (!domain) throw new DurastackError('BUG', `Machine ${id} has no domain.`);
  return domain;
}
const livePath = async (vm: VmSpec) => pathIn(await raw.presentXml(await domainOf(vm)));
const nextPath = async (vm: VmSpec) => pathIn(await raw.inactiveXml(await domainOf(vm)));
const jobOf = async (vm: VmSpec) => blockJob(raw, await domainOf(vm), 'vda');
const pathOf = (volume: VolumeSpec) => volumePath(volume as never);
const sha256 = async (volume: VolumeSpec) =>
  createHash('sha256')
    .update(await contentOf(volume))
    .digest('hex');

async function killQemu(vm: VmSpec): Promise<void> {
  const pidFile = join(libvirtd.dir, 'lv', 'run', 'qemu', `${vm.domainName}.pid`);
  process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
  await expect.poll(async () => driver.verbs.getVm({ vmId: vm.id }, context())).toEqual({ power: 'off' });
}

/** A copy that has come some way, and how to end it. */
async function begun(copy: Copy): Promise<{ ended: Promise<unknown>; abort: (reason: DurastackError) => void }> {
  const controller = new AbortController();
  let percent = 0;
  const progress = (seen: number | undefined): void => void (percent = seen ?? 0);
  const ended = driver.verbs.copyVolume(copy, { signal: controller.signal, progress });
  ended.catch(() => undefined);
  await expect.poll(() => percent, { timeout: 20_000, interval: 50 }).toBeGreaterThan(0);
  return { ended, abort: (reason) => controller.abort(reason) };
}

/** The machine has gone over, the source can go, and nothing that the guest wrote is missing. */
async function expectMoved(vm: VmSpec, copy: Copy): Promise<void> {
  expect(await livePath(vm)).toBe(pathOf(copy.target));
  expect(await nextPath(vm)).toBe(pathOf(copy.target));
  expect(await jobOf(vm)).toBeUndefined();
  await driver.verbs.ensureVolumeGone({ volumeId: copy.volume.id, pool: copy.volume.pool }, context());
  const seen = countSeen(await contentOf(copy.target));
  await expect.poll(async () => countSeen(await contentOf(copy.target)), { timeout: 10_000 }).toBeGreaterThan(seen);
  await stop(vm);
  expect(lastCount(await contentOf(copy.target))).toBeGreaterThan(seen);
}

/** Each boots guests under emulation. */
const LIMIT_MS = 180_000;

describe('the disk of a machine that runs', { timeout: LIMIT_MS }, () => {
  it('is moved under its hands: it loses no write, and its next start is on the new pool', async () => {
    const { vm, copy } = await writing();
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    expect(await livePath(vm)).toBe(pathOf(copy.volume));
    await driver.verbs.switchVolume(copy, context());
    await driver.verbs.switchVolume(copy, context());
    await expectMoved(vm, copy);
    await driver.verbs.ensureVmRunning({ vm: { ...vm, rootVolume: copy.target } }, context());
    expect(await livePath(vm)).toBe(pathOf(copy.target));
    await expect(driver.verbs.discardVolumeCopy(copy, context())).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('runs on, whatever befalls the agent while it stands still for the copy to begin', async () => {
    const { vm, copy } = await writing();
    const mark = join(libvirtd.dir, 'state', 'vms', vm.id, 'still');
    const standStill = async () => {
      await writeFile(mark, '');
      await raw.suspendDomain(await domainOf(vm));
    };
    await standStill();
    const next = makeDriver();
    await next.start(() => undefined);
    expect(await next.verbs.getVm({ vmId: vm.id }, context())).toEqual({ power: 'running' });
    await next.stop();
    await standStill();
    await driver.verbs.copyVolume(copy, context());
    expect(await driver.verbs.getVm({ vmId: vm.id }, context())).toEqual({ power: 'running' });
    await expect(readFile(mark)).rejects.toThrow(/ENOENT/);
    // One that its owner paused stays so.
    await driver.verbs.discardVolumeCopy(copy, context());
    await raw.suspendDomain(await domainOf(vm));
    await driver.verbs.copyVolume({ ...copy, copyId: randomUUID() }, context());
    expect(await driver.verbs.getVm({ vmId: vm.id }, context())).toEqual({ power: 'paused' });
    await driver.verbs.discardVolumeCopy(copy, context());
  });

  it('stays where it is when the copy is cancelled, and can be moved later', async () => {
    const { vm, copy } = await writing(SLOWLY);
    const { ended, abort } = await begun(copy);
    abort(new DurastackError('CANCELLED', 'cancelled by the spec'));
    await expect(ended).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([await files(copy), await jobOf(vm), await livePath(vm)]).toEqual([
      { source: 1, target: 0 },
      undefined,
      pathOf(copy.volume),
    ]);
    const again = { ...copy, copyId: randomUUID(), bytesPerSecond: undefined };
    await driver.verbs.copyVolume(again, context());
    await driver.verbs.discardVolumeCopy(again, context());
    await driver.verbs.discardVolumeCopy(again, context());
    expect([await files(copy), await jobOf(vm)]).toEqual([{ source: 1, target: 0 }, undefined]);
    await driver.verbs.switchVolume(again, context());
    await expectMoved(vm, copy);
  });

  it('is let go where a libvirtd that was killed as it began a mirror has forgotten the target', async () => {
    const { vm, copy } = await writing();
    const domain = await domainOf(vm);
    const qemu = async (execute: string, args: object = {}) =>
      JSON.parse(await raw.monitorCommand(domain, JSON.stringify({ execute, arguments: args }))) as {
        return: { 'node-name': string; file: string }[];
      };
    const open = async () => {
      const nodes = (await qemu('query-named-block-nodes', { flat: true })).return;
      return nodes.filter(({ file }) => file.includes(pathOf(copy.target))).length;
    };
    // As it opens one, before it starts the mirror.
    const forget = async () => {
      const { id, pool, sizeBytes } = copy.target;
      await driver.verbs.ensureVolume({ volume: { id, pool, sizeBytes } }, context());
      const file = { driver: 'file', filename: pathOf(copy.target), 'node-name': 'libvirt-90-storage' };
      await qemu('blockdev-add', file);
      const image = { driver: 'qcow2', file: file['node-name'], 'node-name': 'libvirt-90-format' };
      await qemu('blockdev-add', image);
      expect(await open()).toBeGreaterThan(0);
    };
    await forget();
    await driver.verbs.discardVolumeCopy(copy, context());
    expect([await open(), await files(copy)]).toEqual([0, { source: 1, target: 0 }]);
    await forget();
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    await driver.verbs.switchVolume(copy, context());
    expect(await livePath(vm)).toBe(pathOf(copy.target));
  });

  it('goes on being copied while the agent is away and libvirtd is killed', async () => {
    const { vm, copy } = await writing(SLOWLY);
    const { ended, abort } = await begun(copy);
    abort(new DurastackError('HOST_UNREACHABLE', 'the agent ends'));
    await expect(ended).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    const before = (await jobOf(vm))?.doneBytes ?? 0;
    expect(before).toBeGreaterThan(0);
    await libvirtd.kill();
    await expect(driver.verbs.copyVolume(copy, context())).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
    await libvirtd.restart();
    await expect.poll(() => jobOf(vm).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
    expect((await jobOf(vm))?.doneBytes).toBeGreaterThanOrEqual(before);
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    await libvirtd.kill();
    await libvirtd.restart();
    await driver.verbs.switchVolume(copy, context());
    await expectMoved(vm, copy);
  });

  it('is copied at rest from where it was when the machine dies meanwhile', async () => {
    const { vm, copy } = await writing(SLOWLY);
    const { ended } = await begun(copy);
    await killQemu(vm);
    expect(await ended).toEqual({ mirrored: false });
    expect(await sha256(copy.target)).toBe(await sha256(copy.volume));
  });

  it('is whole on the target when the machine dies before, while and after it goes over', async () => {
    const before = await writing();
    await driver.verbs.copyVolume(before.copy, context());
    await killQemu(before.vm);
    await driver.verbs.switchVolume(before.copy, context());
    expect(await sha256(before.copy.target)).toBe(await sha256(before.copy.volume));

    const between = await writing();
    await driver.verbs.copyVolume(between.copy, context());
    await raw.suspendDomain(await domainOf(between.vm));
    await defineTarget(between);
    await killQemu(between.vm);
    expect(await sha256(between.copy.target)).toBe(await sha256(between.copy.volume));
    await driver.verbs.switchVolume(between.copy, context());
    expect(await nextPath(between.vm)).toBe(pathOf(between.copy.target));

    const after = await writing();
    await driver.verbs.switchVolume(after.copy, context());
    const seen = countSeen(await contentOf(after.copy.target));
    await killQemu(after.vm);
    await driver.verbs.switchVolume(after.copy, context());
    expect(lastCount(await contentOf(after.copy.target))).toBeGreaterThanOrEqual(seen);
  });

  it('counts on the source again when the agent ends while the machine stands still to go over', async () => {
    const { vm, copy } = await writing();
    await driver.verbs.copyVolume(copy, context());
    await raw.suspendDomain(await domainOf(vm));
    const place = { type: 'file', format: 'qcow2', path: pathOf(copy.volume), shared: false };
    const mark = join(libvirtd.dir, 'state', 'vms', vm.id, 'still');
    await writeFile(mark, JSON.stringify({ dev: 'vda', volumeId: copy.volume.id, place }));
    await defineTarget({ vm, copy });
    const next = makeDriver();
    await next.start(() => undefined);
    expect(await next.verbs.getVm({ vmId: vm.id }, context())).toEqual({ power: 'running' });
    expect(await nextPath(vm)).toBe(pathOf(copy.volume));
    await next.stop();
    // Killed with the mirror in step, and nothing yet that says that it has gone over.
    await killQemu(vm);
    const last = lastCount(await contentOf(copy.volume));
    await driver.verbs.switchVolume(copy, context());
    expect(lastCount(await contentOf(copy.target))).toBe(last);
  });

  it('is mirrored anew when the mirror broke off after the definition was written', async () => {
    const { vm, copy } = await writing();
    await driver.verbs.copyVolume(copy, context());
    await defineTarget({ vm, copy });
    await abortBlockCopy(raw, await domainOf(vm), 'vda');
    await driver.verbs.switchVolume(copy, context());
    await expectMoved(vm, copy);
  });
});

/** As `switchVolume` does while the machine stands still to go over. */
async function defineTarget({ vm, copy }: { vm: VmSpec; copy: Copy }): Promise<void> {
  const place = { type: 'file', format: 'qcow2', path: pathOf(copy.target), shared: false } as const;
  const { copyId } = copy;
  const xml = await raw.inactiveXml(await domainOf(vm));
  await raw.defineDomain(defineOn(xml, { dev: 'vda', volumeId: copy.volume.id, place, copyId }));
}

describe('a disk at rest', { timeout: LIMIT_MS }, () => {
  it('is copied whole with what lies under it, and compared', async () => {
    const { vm, copy } = await writing();
    await stop(vm);
    const content = await sha256(copy.volume);
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: false });
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: false });
    expect(await sha256(copy.target)).toBe(content);
    await driver.verbs.switchVolume(copy, context());
    await driver.verbs.ensureVolumeGone({ volumeId: copy.volume.id, pool: pools.from }, context());
    await driver.verbs.switchVolume(copy, context());
    expect(await sha256(copy.target)).toBe(content);
    await driver.verbs.ensureVmRunning({ vm: { ...vm, rootVolume: copy.target } }, context());
    expect(await livePath(vm)).toBe(pathOf(copy.target));
  });

  it('leaves nothing of a copy that is cancelled', async () => {
    const { vm, copy } = await writing(SLOWLY);
    await stop(vm);
    const { ended, abort } = await begun({ ...copy, vmId: undefined });
    abort(new DurastackError('CANCELLED', 'cancelled by the spec'));
    await expect(ended).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await files(copy)).toEqual({ source: 1, target: 0 });
  });

  it('is not begun to be copied where there is no room, or from where it is not', async () => {
    const { vm, copy } = await writing();
    const path = join(libvirtd.dir, 'small');
    await mkdir(path);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path]);
    try {
      const pool: PoolSpec = { id: randomUUID(), kind: 'directory', path };
      await driver.verbs.ensurePool({ pool }, context());
      const small = { ...copy, target: { ...copy.target, pool } };
      const running = driver.verbs.copyVolume(small, context());
      await expect(running).rejects.toMatchObject({ code: 'NO_CAPACITY', message: expect.stringMatching(/MiB free/) });
      await stop(vm);
      await expect(driver.verbs.copyVolume(small, context())).rejects.toMatchObject({ code: 'NO_CAPACITY' });
      expect(await files(small)).toEqual({ source: 1, target: 0 });
    } finally {
      await run('umount', [path]);
    }
    const nowhere = { ...copy, volume: { ...copy.volume, id: randomUUID() } };
    const lost = { ...nowhere, target: { ...copy.target, id: nowhere.volume.id } };
    await expect(driver.verbs.copyVolume(lost, context())).rejects.toMatchObject({ code: 'STEP_REFUSED' });
  });
});
