/** What deploys need, made through the API as an administrator would. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@durastack/cli/api/api-client';
import { DurastackError } from '@durastack/contracts/errors';
import type { Cloud, Place } from './cloud.js';

/** Hundreds of hosts are added in minutes, not in a quarter of an hour. */
const ENROLLED_AT_ONCE = 8;

type Row = Record<string, unknown> & { id: string };

/** Ids of everything. */
export interface Basis extends Place {
  readonly hostIds: readonly string[];
  readonly poolId: string;
  readonly templateId: string;
  readonly networkId: string;
  readonly offeringId: string;
}

/** The objects of a list reply. */
export function itemsOf(reply: Record<string, unknown>): Row[] {
  return (Object.values(reply).find(Array.isArray) ?? []) as Row[];
}

/** The object of a reply to a creation, wrapped alone or in a list. */
export function objectOf(reply: Record<string, unknown>): Row {
  const wrapped = Object.values(reply).find((value) => typeof value === 'object' && value !== null);
  const object = Array.isArray(wrapped) ? wrapped[0] : wrapped;
  return object as Row;
}

/** Asks until the answer satisfies. TIMEOUT naming what was waited for. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new DurastackError('TIMEOUT', `${what} did not come true within ${timeoutMs} ms.`);
    await sleep(100);
  }
}

/** Makes a zone with hosts, shared storage, a template and a network. */
export async function makeBasis(cloud: Cloud, options: { hosts?: number } = {}): Promise<Basis> {
  const { admin } = cloud;
  const make = async (command: string, params: Record<string, string>) =>
    objectOf(await admin.callAndWait(command, params));
  const zone = await make('createZone', {
    name: 'z1',
    networktype: 'Advanced',
    dns1: '10.1.0.1',
    internaldns1: '127.0.0.1',
  });
  const pod = await make('createPod', {
    zoneid: zone.id,
    name: 'p1',
    gateway: '10.1.0.1',
    netmask: '255.255.0.0',
    startip: '10.1.0.2',
    endip: '10.1.0.9',
  });
  const cluster = await make('addCluster', {
    zoneid: zone.id,
    podid: pod.id,
    clustername: 'c1',
    hypervisor: 'Simulator',
    clustertype: 'CloudManaged',
  });
  const place = { zoneId: zone.id, podId: pod.id, clusterId: cluster.id };
  const hostIds: string[] = [];
  const wanted = options.hosts ?? 1;
  while (hostIds.length < wanted) {
    const some = Math.min(ENROLLED_AT_ONCE, wanted - hostIds.length);
    hostIds.push(...(await Promise.all(Array.from({ length: some }, () => cloud.addHost(place)))));
  }
  const shared = join(cloud.directory, 'primary');
  const images = join(cloud.directory, 'secondary');
  mkdirSync(shared);
  mkdirSync(images);
  const pool = await make('createStoragePool', {
    zoneid: zone.id,
    podid: pod.id,
    clusterid: cluster.id,
    name: 'pool',
    url: `SharedMountPoint://localhost${shared}`,
  });
  await make('addImageStore', { zoneid: zone.id, name: 'images', provider: 'Directory', url: `file://${images}` });
  const network = await make('createNetwork', {
    ...{
      zoneid: zone.id,
      name: 'shared',
      displaytext: 'shared',
      gateway: '10.1.0.1',
      netmask: '255.255.0.0',
      startip: '10.1.1.1',
      endip: '10.1.250.1',
    },
    networkofferingid: itemsOf(await admin.call('listNetworkOfferings', { name: 'DefaultSharedNetworkOffering' }))[0]!
      .id,
  });
  const template = await registerTemplate(admin, zone.id, 'http://127.0.0.1:9/tiny.qcow2');
  const offering = itemsOf(await admin.call('listServiceOfferings', { name: 'Tiny Instance' }))[0]!;
  return { ...place, hostIds, poolId: pool.id, networkId: network.id, templateId: template, offeringId: offering.id };
}

/** Registers a template of simulated hosts and waits until it is ready. */
export async function registerTemplate(admin: ApiClient, zoneId: string, url: string): Promise<string> {
  const { id } = objectOf(
    await admin.call('registerTemplate', {
      name: 'tiny',
      displaytext: 'tiny',
      url,
      zoneid: zoneId,
      format: 'QCOW2',
      hypervisor: 'Simulator',
      ispublic: 'true',
    }),
  );
  await eventually('the template is ready', async () => {
    const [template] = itemsOf(await admin.call('listTemplates', { templatefilter: 'all', id }));
    if (template?.['status'] && /fail|refused/i.test(String(template['status'])))
      throw new DurastackError('BUG', String(template['status']));
    return template?.['isready'] === true;
  });
  return id;
}

/** Registers an ISO of simulated hosts and waits until it is ready. */
export async function registerIso(admin: ApiClient, zoneid: string): Promise<string> {
  const { id } = objectOf(await admin.call('registerIso', { name: 'cd', url: 'http://127.0.0.1:9/cd.iso', zoneid }));
  await eventually('the ISO is ready', async () => {
    const [iso] = itemsOf(await admin.call('listIsos', { id }));
    return iso?.['isready'] === true;
  });
  return id;
}

/** Parameters of a deploy on it. */
export function deployParams(basis: Basis, extra: Record<string, string> = {}): Record<string, string> {
  return {
    zoneid: basis.zoneId,
    templateid: basis.templateId,
    serviceofferingid: basis.offeringId,
    networkids: basis.networkId,
    ...extra,
  };
}
