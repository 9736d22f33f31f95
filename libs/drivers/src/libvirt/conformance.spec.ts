import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConformanceSubject } from '../conformance/conformance-subject.js';
import { describeDriverConformance } from '../conformance/driver-conformance.js';
import { volumePath } from '../directory-pool/paths.js';
import { qcow2VirtualSize } from '../directory-pool/qcow2-header.js';
import { fetchImage } from '../image/fetch-image.js';
import { ensureImageGone } from '../image/image-files.js';
import { createLibvirtDriver } from './driver.js';
import { startLibvirtdFixture } from './libvirtd-fixture.js';
import { serveMachines } from './libvirtd-machines.js';
import { makePool, networkOf, vmOf, volumeOf } from './vm-fixture.js';

const IMAGES = { fetchImage, ensureImageGone };

/** A private libvirtd with machines of one boot sector, and a web server for images. */
async function makeSubject(): Promise<ConformanceSubject> {
  const libvirtd = await startLibvirtdFixture();
  const { dir, instance, networkNamespace, socketPath } = libvirtd;
  const template = await makePool(dir);
  const { pool } = template;
  const store = { id: randomUUID(), path: join(dir, 'store') };
  await mkdir(store.path);
  const machines = await serveMachines(libvirtd, store);
  const settings = { socketPath, stateDir: join(dir, 'state'), instance, networkNamespace, images: IMAGES };
  let nextHost = 10;
  return {
    pool,
    otherPool: { id: randomUUID(), kind: 'directory', path: join(dir, 'other-pool') },
    store,
    network: networkOf(instance, 1),
    makeDriver: async () => createLibvirtDriver({ ...settings, accelerator: 'tcg' }),
    makeVm: () => machines.note(vmOf({ instance, volume: volumeOf(template), networks: [], host: nextHost++ })),
    ...machines.parts,
    volumeSizeBytes: async (id) => {
      const names = await readdir(join(pool.path, 'volumes'));
      return names.includes(`${id}.qcow2`) ? qcow2VirtualSize(volumePath({ id, pool })) : undefined;
    },
    leftovers: async (id) => {
      const folders = [join(pool.path, 'volumes'), join(pool.path, 'templates'), store.path];
      const names = await Promise.all(folders.map((folder) => readdir(folder)));
      return names.flat().filter((name) => name.includes(id));
    },
    close: async () => {
      machines.close();
      await libvirtd.end();
    },
  };
}

describeDriverConformance('libvirt', makeSubject);
