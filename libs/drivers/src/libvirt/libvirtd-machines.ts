/** What a conformance subject does on a private libvirtd whatever its machines' disks lie on. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ImageStoreSpec, VmSpec } from '@durastack/contracts/agent/specs';
import type { ConformanceSubject } from '../conformance/conformance-subject.js';
import { serveImage } from '../testing/image-server.js';
import type { LibvirtdFixture } from './libvirtd-fixture.js';
import { readPresent } from './present-domain.js';
import { LibvirtClient } from './rpc/client.js';

const MOST_BYTES = 2 ** 30;

/** See {@link serveMachines}. */
export interface LibvirtdMachines {
  /** Notes a machine, so that its process is found. @returns it */
  note(vm: VmSpec): VmSpec;
  /** Parts of the subject. */
  readonly parts: Pick<ConformanceSubject, 'fetch' | 'powerOffBehindOurBack' | 'pauseBehindOurBack' | 'discOf'>;
  close(): void;
}

/** A web server for images, and hands that reach behind the driver's back. Call `close` before the daemon ends. */
export async function serveMachines(
  { dir, socketPath }: LibvirtdFixture,
  store: ImageStoreSpec,
): Promise<LibvirtdMachines> {
  const raw = new LibvirtClient({ socketPath });
  const { server, url } = await serveImage();
  const domainNames = new Map<string, string>();
  return {
    note: (vm) => {
      domainNames.set(vm.id, vm.domainName);
      return vm;
    },
    parts: {
      fetch: (slow) => ({
        templateId: randomUUID(),
        store,
        url: `${url}/${slow ? 'slow' : 'fast'}.raw`,
        format: 'raw',
        maxBytes: MOST_BYTES,
        maxVirtualBytes: MOST_BYTES,
        allowedPrivateCidrs: ['127.0.0.0/8'],
      }),
      powerOffBehindOurBack: async (vmId) => {
        const pidFile = join(dir, 'lv', 'run', 'qemu', `${domainNames.get(vmId)}.pid`);
        process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
      },
      discOf: async (vmId) => {
        const domain = await raw.domainByUuid(vmId);
        const file = domain && (await readPresent(raw, domain)).cdDrive?.file;
        return file === undefined ? undefined : basename(file, '.qcow2');
      },
      pauseBehindOurBack: async (vmId) => {
        const domain = await raw.domainByUuid(vmId);
        if (domain !== undefined) await raw.suspendDomain(domain);
      },
    },
    close: () => {
      server.closeAllConnections();
      server.close();
      raw.close();
    },
  };
}
