import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { ConformanceCaller, type ConformanceSubject } from '../conformance/conformance-subject.js';
import { describeDriverConformance } from '../conformance/driver-conformance.js';
import { fetchImage } from '../image/fetch-image.js';
import { ensureImageGone } from '../image/image-files.js';
import { run } from '../process/run.js';
import { startCephFixture, type CephFixture } from '../rbd/ceph-fixture.js';
import { bootDisk } from './boot-sector.js';
import { createLibvirtDriver } from './driver.js';
import { startLibvirtdFixture } from './libvirtd-fixture.js';
import { serveMachines } from './libvirtd-machines.js';
import { GUEST_SAYS, networkOf, vmOf } from './vm-fixture.js';

const IMAGES = { fetchImage, ensureImageGone };

/** An image store with the boot sector as its only template. */
async function makeStore(path: string, templateId: string): Promise<void> {
  await mkdir(path);
  const raw = join(path, 'boot.raw');
  await writeFile(raw, bootDisk(`${GUEST_SAYS}\r\n`));
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, join(path, `${templateId}.qcow2`)]);
  await rm(raw);
}

async function imageNames({ admin, ceph }: CephFixture): Promise<string[]> {
  return (await admin('rbd', 'ls', ceph.poolName)).split('\n').filter(Boolean);
}

/** A private libvirtd whose machines have their disks on a real Ceph cluster. */
async function makeSubject(): Promise<ConformanceSubject> {
  const libvirtd = await startLibvirtdFixture();
  const { dir, instance, networkNamespace, socketPath } = libvirtd;
  const cluster = await startCephFixture(networkNamespace).catch(async (error: unknown) => {
    await libvirtd.end();
    throw error;
  });
  const [store, templateId] = [{ id: randomUUID(), path: join(dir, 'store') }, randomUUID()];
  const machines = await serveMachines(libvirtd, store);
  const pool: RbdPoolSpec = cluster.pool();
  const close = async (): Promise<void> => {
    machines.close();
    await cluster.end();
    await libvirtd.end();
  };
  await makeStore(store.path, templateId);
  const settings = { socketPath, stateDir: join(dir, 'state'), instance, networkNamespace, images: IMAGES };
  const makeDriver = async () => createLibvirtDriver({ ...settings, accelerator: 'tcg' });
  try {
    const caller = new ConformanceCaller(await makeDriver());
    await caller.call('ensurePool', { pool, secret: cluster.ceph.key });
    await caller.call('ensureTemplateOnPool', { pool, store, templateId });
  } catch (error) {
    await close();
    throw error;
  }
  let nextHost = 10;
  return {
    pool,
    otherPool: { id: randomUUID(), kind: 'directory', path: join(dir, 'other-pool') },
    poolSecret: cluster.ceph.key,
    secondOpener: 'waits',
    store,
    network: networkOf(instance, 1),
    makeDriver,
    makeVm: () => {
      const volume = { id: randomUUID(), pool, templateId, sizeBytes: 1024 * 1024 };
      return machines.note(vmOf({ instance, volume, networks: [], host: nextHost++ }));
    },
    ...machines.parts,
    volumeSizeBytes: async (id) => {
      if (!(await imageNames(cluster)).includes(`volume-${id}`)) return undefined;
      const info = await cluster.admin('rbd', 'info', '--format', 'json', `${pool.pool}/volume-${id}`);
      return (JSON.parse(info) as { size: number }).size;
    },
    leftovers: async (id) =>
      [...(await imageNames(cluster)), ...(await readdir(store.path))].filter((name) => name.includes(id)),
    close,
  };
}

describeDriverConformance('libvirt on Ceph RBD', makeSubject);
