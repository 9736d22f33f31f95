/** A cloud's first template, registered through the API. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';
import { idOf, rows, type Row } from './ensure.js';
import { serveFile } from './file-server.js';

const FETCH_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** Which one, and from where. */
export interface FirstTemplate {
  readonly name: string;
  readonly displaytext: string;
  readonly zoneid: string;
  readonly hypervisor: 'KVM' | 'Simulator';
  /** Description of its OS type; the product's own choice when not given. */
  readonly osType?: string;
  /** A file of this machine, fetched from an address that the hosts reach (loopback when not given), or a URL. */
  readonly source:
    | { readonly path: Promise<string>; readonly servedAt?: string }
    | { readonly url: string; readonly checksum: string };
}

/**
 * Registers it unless it is there, and waits until it can be deployed.
 *
 * @param tell is given the size of the image when it is fetched from this machine
 * @returns its id
 * @throws STEP_REFUSED with its status when it was not fetched
 */
export async function ensureTemplate(
  api: ApiClient,
  template: FirstTemplate,
  tell: (sizeBytes: number) => void = () => undefined,
): Promise<string> {
  const known = await find(api, template);
  if (known?.['isready'] === true) return idOf(known);
  // Of a start that was interrupted: nobody serves the image at the address that it was registered with any more.
  if (known !== undefined) await api.callAndWait('deleteTemplate', { id: idOf(known) });
  const { source } = template;
  if ('url' in source) return register(api, template, source);
  const serve = (url: string, checksum: string, sizeBytes: number): Promise<string> => {
    tell(sizeBytes);
    return register(api, template, { url, checksum });
  };
  return serveFile(await source.path, serve, source.servedAt);
}

async function register(
  api: ApiClient,
  template: FirstTemplate,
  image: { url: string; checksum: string },
): Promise<string> {
  const { name, displaytext, zoneid, hypervisor, osType } = template;
  const types = osType === undefined ? [] : rows(await api.call('listOsTypes', { description: osType }));
  await api.callAndWait('registerTemplate', {
    ...{ name, displaytext, zoneid, hypervisor, format: 'QCOW2', ...image },
    ...(osType === undefined ? {} : { ostypeid: idOf(types[0]) }),
    ...{ ispublic: 'true', isfeatured: 'true', isdynamicallyscalable: 'true' },
  });
  return untilFetched(api, template);
}

/** The reply comes at once; the image is fetched after it. */
async function untilFetched(api: ApiClient, wanted: FirstTemplate): Promise<string> {
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

async function find(api: ApiClient, { name, zoneid }: FirstTemplate): Promise<Row | undefined> {
  const reply = await api.call('listTemplates', { templatefilter: 'all', zoneid });
  return rows(reply).find((row) => row['name'] === name);
}
