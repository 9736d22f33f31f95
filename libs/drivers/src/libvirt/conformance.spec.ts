import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConformanceSubject } from '../conformance/conformance-subject.js';
import { describeDriverConformance } from '../conformance/driver-conformance.js';
import { volumePath } from '../directory-pool/paths.js';
import { qcow2VirtualSize } from '../directory-pool/qcow2-header.js';
import { fetchImage } from '../image/fetch-image.js';
import { ensureImageGone } from '../image/image-files.js';
import { createLibvirtDriver } from './driver.js';
import { startLibvirtdFixture } from './libvirtd-fixture.js';
import { LibvirtClient } from './rpc/client.js';
import { makePool, networkOf, vmOf, volumeOf } from './vm-fixture.js';

const IMAGE_BYTES = 4 * 2 ** 20;
const IMAGES = { fetchImage, ensureImageGone };

/** A web server with one raw image; under /slow it comes in 20 pieces, 50 ms apart. */
async function serveImage(): Promise<{ server: Server; url: string }> {
  const image = Buffer.alloc(IMAGE_BYTES, 'durastack');
  const server = createServer(async (request, response) => {
    const pauseMs = request.url?.startsWith('/slow') === true ? 50 : 0;
    response.writeHead(200, { 'content-length': IMAGE_BYTES });
    const piece = IMAGE_BYTES / 20;
    for (let at = 0; at < IMAGE_BYTES && !response.destroyed; at += piece) {
      response.write(image.subarray(at, at + piece));
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

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
