import { randomUUID } from 'node:crypto';
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
import { lastCount, writingDisk } from '../../testing/writing-guest.js';
import { createLibvirtDriver, type ImageVerbs } from '../driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from '../libvirtd-fixture.js';
import { LibvirtClient } from '../rpc/client.js';
import { vmOf } from '../vm-fixture.js';
import { readDefinition } from './disk-definition.js';

const MIB = 2 ** 20;
const SIZE_BYTES = 64 * MIB;
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
    for (const pool of [pools.from, pools.to]) await driver.verbs.ensureVolumeGone({ volumeId: vm.rootVolume.id, pool }, context());
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
const filesOf = async ({ volume, target }: Copy) =>
  (await Promise.all([volume, target].map(({ pool }) => readdir(join((pool as { path: string }).path, 'volumes')))))
    .map((names) => names.filter((name) => name.includes(volume.id)).length)
    .join(' ');
const livePath = async ({ id }: VmSpec) => {
  const domain = await raw.domainByUuid(id);
  return domain && readDefinition(await raw.presentXml(domain)).disks[0]?.source?.['@file'];
};
const nextPath = async ({ id }: VmSpec) => {
  const domain = await raw.domainByUuid(id);
  return domain && readDefinition(await raw.inactiveXml(domain)).disks[0]?.source?.['@file'];
};

/** Nothing that the guest wrote was lost, and it wrote. */
async function expectWhole(copy: Copy, atLeast = 1): Promise<number> {
  const last = lastCount(await contentOf(copy.target));
  expect(last).toBeGreaterThan(atLeast);
  return last;
}

describe('the disk of a machine that runs', () => {
  it('is moved under its hands: it loses no write, and its next start is on the new pool', async () => {
    const { vm, copy } = await writing();
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    expect(await driver.verbs.copyVolume(copy, context())).toEqual({ mirrored: true });
    expect(await livePath(vm)).toBe(volumePath(copy.volume as never));
    await driver.verbs.switchVolume(copy, context());
    await driver.verbs.switchVolume(copy, context());
    expect(await livePath(vm)).toBe(volumePath(copy.target as never));
    expect(await nextPath(vm)).toBe(volumePath(copy.target as never));
    await driver.verbs.ensureVolumeGone({ volumeId: copy.volume.id, pool: pools.from }, context());
    const seen = lastCount(await contentOf(copy.target));
    await expect.poll(async () => lastCount(await contentOf(copy.target))).toBeGreaterThan(seen);
    await stop(vm);
    await expectWhole(copy, seen);
    const moved = { ...vm, rootVolume: copy.target };
    await driver.verbs.ensureVmRunning({ vm: moved }, context());
    expect(await livePath(vm)).toBe(volumePath(copy.target as never));
  });
});
