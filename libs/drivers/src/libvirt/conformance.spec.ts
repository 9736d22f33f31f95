import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConformanceSubject } from '../conformance/conformance-subject.js';
import { describeDriverConformance } from '../conformance/driver-conformance.js';
import { volumePath } from '../directory-pool/paths.js';
import { qcow2VirtualSize } from '../directory-pool/qcow2-header.js';
import { fetchImage } from '../image/fetch-image.js';
import { ensureImageGone } from '../image/image-files.js';
import { serveImage } from '../testing/image-server.js';
import { createLibvirtDriver } from './driver.js';
import { startLibvirtdFixture } from './libvirtd-fixture.js';
import { LibvirtClient } from './rpc/client.js';
import { makePool, networkOf, vmOf, volumeOf } from './vm-fixture.js';

const IMAGES = { fetchImage, ensureImageGone };

/** A private libvirtd with machines of one boot sector, and a web server for images. */
async function makeSubject(): Promise<ConformanceSubject> {
  const libvirtd = await startLibvirtdFixture();
  const { dir, instance, networkNamespace, socketPath } = libvirtd;
  const raw = new LibvirtClient({ socketPath });
  const { server, url } = await serveImage();
  const template = await makePool(dir);
  const { pool } = template;
  const store = { id: randomUUID(), path: join(dir, 'store') };
  await mkdir(store.path);
  const domainNames = new Map<string, string>();
  const settings = { socketPath, stateDir: join(dir, 'state'), instance, networkNamespace, images: IMAGES };
  let nextHost = 10;
  return {
    pool,
    otherPool: { id: randomUUID(), kind: 'directory', path: join(dir, 'other-pool') },
    store,
    network: networkOf(instance, 1),
    makeDriver: async () => createLibvirtDriver({ ...settings, accelerator: 'tcg' }),
    makeVm: () => {
      const vm = vmOf({ instance, volume: volumeOf(template), networks: [], host: nextHost++ });
      domainNames.set(vm.id, vm.domainName);
      return vm;
    },
    fetch: (slow) => ({
      templateId: randomUUID(),
      store,
      url: `${url}/${slow ? 'slow' : 'fast'}.raw`,
      format: 'raw',
      maxBytes: 2 ** 30,
      maxVirtualBytes: 2 ** 30,
      allowedPrivateCidrs: ['127.0.0.0/8'],
    }),
    powerOffBehindOurBack: async (vmId) => {
      const pidFile = join(dir, 'lv', 'run', 'qemu', `${domainNames.get(vmId)}.pid`);
      process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
    },
    pauseBehindOurBack: async (vmId) => {
      const domain = await raw.domainByUuid(vmId);
      if (domain !== undefined) await raw.suspendDomain(domain);
    },
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
      server.closeAllConnections();
      server.close();
      raw.close();
      await libvirtd.end();
    },
  };
}

describeDriverConformance('libvirt', makeSubject);
