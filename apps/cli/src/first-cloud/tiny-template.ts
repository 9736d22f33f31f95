/** The template of a small Linux, registered through the API and fetched from this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';
import { idOf, rows, type Row } from './ensure.js';
import { serveFile } from './file-server.js';

const FETCH_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** Which one, and from where. */
export interface TinyTemplate {
  readonly name: string;
  readonly zoneid: string;
  /** The image. */
  readonly path: string;
  /** An address of this machine that the hosts reach; loopback when not given. */
  readonly servedAt?: string;
}

/**
 * Registers it unless it is there, and waits until it can be deployed.
 *
 * @param tell is given the size of the image when it is fetched
 * @returns its id
 * @throws STEP_REFUSED with its status when it was not fetched
 */
export async function ensureTinyTemplate(
  api: ApiClient,
  template: TinyTemplate,
  tell: (sizeBytes: number) => void = () => undefined,
): Promise<string> {
  const known = await find(api, template);
  if (known?.['isready'] === true) return idOf(known);
  // Of a start that was interrupted: nobody serves the image at the address that it was registered with any more.
  if (known !== undefined) await api.callAndWait('deleteTemplate', { id: idOf(known) });
  const { name, zoneid } = template;
  const register = async (url: string, checksum: string, sizeBytes: number): Promise<string> => {
    tell(sizeBytes);
    await api.callAndWait('registerTemplate', {
      ...{ name, displaytext: 'A small Linux: busybox, DHCP, cloud-init data, SSH', url, checksum, zoneid },
      ...{ format: 'QCOW2', hypervisor: 'KVM', ispublic: 'true', isfeatured: 'true', isdynamicallyscalable: 'true' },
    });
    return untilFetched(api, template);
  };
  return serveFile(template.path, register, template.servedAt);
}

/** The reply comes at once; the image is fetched after it. */
async function untilFetched(api: ApiClient, wanted: TinyTemplate): Promise<string> {
  const deadline = performance.now() + FETCH_TIMEOUT_MS;
  for (;;) {
    const template = await find(api, wanted);
    if (template?.['isready'] === true) return idOf(template);
    if (template === undefined || performance.now() > deadline) {
      const status = String(template?.['status'] ?? 'it is gone');
      throw new DurastackError('STEP_REFUSED', `The template "${wanted.name}" was not fetched: ${status}`);
    }
    await sleep(POLL_MS);
  }
}

async function find(api: ApiClient, { name, zoneid }: TinyTemplate): Promise<Row | undefined> {
  const reply = await api.call('listTemplates', { templatefilter: 'all', zoneid });
  return rows(reply).find((row) => row['name'] === name);
}
