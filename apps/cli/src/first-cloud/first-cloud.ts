/**
 * The first things of a new instance, made through its API: zone, this machine as host, storage, image, network and
 * key pair. Each is looked for by name before it is made, so an interrupted run goes on where it stopped.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';
import type { InstanceFile } from '../instance/instance-file.js';
import type { AgentPlaces } from '../parts/node-apps.js';
import { runOrFail } from '../system/run.js';
import type { Steps } from '../system/steps.js';
import { ensure, idOf, rows, type Row } from './ensure.js';
import { findFreeSubnet, type Subnet } from './free-subnet.js';
import { ensureTinyTemplate } from './tiny-template.js';

/** Names of what is made. */
const NAMES = {
  zone: 'zone-1',
  pod: 'pod-1',
  cluster: 'cluster-1',
  pool: 'local',
  images: 'images',
  template: 'tiny-linux',
  network: 'shared-1',
} as const;

/** Name of the key pair that the first machine lets in. */
export const KEY_PAIR = 'dura';

const HOST_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/** What a deploy needs. */
export interface DeployBasis {
  readonly zoneid: string;
  readonly templateid: string;
  readonly serviceofferingid: string;
  readonly networkids: string;
}

/** Where hosts live. */
interface Place {
  readonly zoneid: string;
  readonly podid: string;
  readonly clusterid: string;
}

/** Makes them; one object per run. */
export class FirstCloud {
  constructor(
    private readonly file: InstanceFile,
    private readonly api: ApiClient,
    private readonly steps: Steps,
    private readonly agent: AgentPlaces,
  ) {}

  /**
   * Makes what is missing.
   *
   * @param image the first template's file, which may still be in the making
   * @throws with the API's own sentence when it refuses one
   */
  async prepare(image: Promise<string>): Promise<DeployBasis> {
    const subnet = await findFreeSubnet(this.file.state.name);
    const place = await this.steps.run('Zone, pod, cluster', () => this.place(subnet));
    await this.steps.run('This machine as host', (note) => this.host(place, note));
    await this.steps.run('Storage pool and image store', () => this.storage(place));
    const path = await image;
    const templateid = await this.steps.run('Template', (note) => this.template(place.zoneid, path, note));
    const networkids = await this.steps.run('Network', (note) => this.network(place.zoneid, subnet, note));
    await this.steps.run('SSH key pair', () => this.keyPair());
    return { zoneid: place.zoneid, templateid, networkids, serviceofferingid: await this.smallestOffering() };
  }

  private async place(subnet: Subnet): Promise<Place> {
    const zoneid = idOf(
      await ensure(this.api, 'Zone', NAMES.zone, {
        networktype: 'Advanced',
        dns1: subnet.gateway,
        internaldns1: '127.0.0.1',
      }),
    );
    const podid = idOf(
      await ensure(this.api, 'Pod', NAMES.pod, {
        zoneid,
        gateway: subnet.gateway,
        netmask: subnet.netmask,
        startip: subnet.startIp,
        endip: subnet.endIp,
      }),
    );
    const cluster = { zoneid, podid, clustername: NAMES.cluster, hypervisor: 'KVM', clustertype: 'CloudManaged' };
    const known = rows(await this.api.call('listClusters', { zoneid })).find((row) => row['name'] === NAMES.cluster);
    const clusterid = idOf(known ?? rows(await this.api.callAndWait('addCluster', cluster))[0]);
    return { zoneid, podid, clusterid };
  }

  /** The agent waits for its enrolment under a self-signed certificate that is pinned by its fingerprint. */
  private async host(place: Place, note: (words: string) => void): Promise<void> {
    const url = `agent://127.0.0.1:${this.file.port('agent')}`;
    const known = (await this.hosts(place.zoneid))[0];
    if (known !== undefined && known['state'] !== 'Error') return this.waitForHost(place.zoneid);
    const fingerprintFile = join(this.file.home.agent, 'enrol-fingerprint');
    if (!existsSync(fingerprintFile)) {
      throw new DurastackError('BUG', `The host agent has written no ${fingerprintFile}; see "dura logs agent".`);
    }
    const host = await this.api.callAndWait('addHost', {
      ...place,
      hypervisor: 'KVM',
      url,
      fingerprint: readFileSync(fingerprintFile, 'utf8').trim(),
      password: readFileSync(this.agent.enrolTokenFile, 'utf8').trim(),
    });
    rmSync(this.agent.enrolTokenFile, { force: true });
    note(String(rows(host)[0]?.['name'] ?? ''));
  }

  /** After an interrupted start its agent has only just begun to report again. */
  private async waitForHost(zoneid: string): Promise<void> {
    const deadline = performance.now() + HOST_TIMEOUT_MS;
    for (;;) {
      const state = (await this.hosts(zoneid))[0]?.['state'];
      if (state === 'Up') return;
      if (performance.now() > deadline) {
        const message = `This machine's host is ${String(state)} and its agent does not report; see "dura logs agent".`;
        throw new DurastackError('HOST_UNREACHABLE', message);
      }
      await sleep(POLL_MS);
    }
  }

  private async hosts(zoneid: string): Promise<Row[]> {
    return rows(await this.api.call('listHosts', { zoneid, type: 'Routing' }));
  }

  private async storage(place: Place): Promise<void> {
    const { home } = this.file;
    const hostid = idOf((await this.hosts(place.zoneid))[0]);
    await ensure(this.api, 'StoragePool', NAMES.pool, { ...place, hostid, scope: 'HOST', url: `file://${home.pool}` });
    const stores = rows(await this.api.call('listImageStores', { zoneid: place.zoneid }));
    if (stores.some((row) => row['name'] === NAMES.images)) return;
    const store = { name: NAMES.images, provider: 'Directory', zoneid: place.zoneid, url: `file://${home.images}` };
    await this.api.callAndWait('addImageStore', store);
  }

  private template(zoneid: string, path: string, note: (words: string) => void): Promise<string> {
    const tell = (sizeBytes: number): void => note(`${(sizeBytes / 2 ** 20).toFixed(1)} MiB`);
    return ensureTinyTemplate(this.api, { name: NAMES.template, zoneid, path }, tell);
  }

  private async network(zoneid: string, subnet: Subnet, note: (words: string) => void): Promise<string> {
    const known = await this.find('listNetworks', { zoneid, listall: 'true' }, NAMES.network);
    if (known !== undefined) return idOf(known);
    note(`${subnet.gateway} ${subnet.netmask}`);
    const offerings = rows(await this.api.call('listNetworkOfferings', { guestiptype: 'Shared' }));
    const reply = await this.api.callAndWait('createNetwork', {
      name: NAMES.network,
      displaytext: 'Addresses by DHCP on a bridge of this machine',
      zoneid,
      networkofferingid: idOf(offerings[0]),
      gateway: subnet.gateway,
      netmask: subnet.netmask,
      startip: subnet.startIp,
      endip: subnet.endIp,
    });
    return idOf(rows(reply)[0]);
  }

  /** The private key is made here and never leaves; the API is given the public one. */
  private async keyPair(): Promise<void> {
    const { sshKeyFile } = this.file.home;
    if (!existsSync(sshKeyFile)) {
      const args = ['-q', '-t', 'ed25519', '-N', '', '-C', `dura-${this.file.state.name}`, '-f', sshKeyFile];
      await runOrFail('Making an SSH key', 'ssh-keygen', args);
    }
    const known = await this.find('listSSHKeyPairs', {}, KEY_PAIR);
    if (known !== undefined) return;
    const publickey = readFileSync(`${sshKeyFile}.pub`, 'utf8').trim();
    await this.api.callAndWait('registerSSHKeyPair', { name: KEY_PAIR, publickey });
  }

  private async smallestOffering(): Promise<string> {
    const offerings = rows(await this.api.call('listServiceOfferings'));
    const byMemory = offerings.toSorted((a, b) => Number(a['memory']) - Number(b['memory']));
    return idOf(byMemory[0]);
  }

  private async find(command: string, params: Record<string, string>, name: string): Promise<Row | undefined> {
    return rows(await this.api.call(command, params)).find((row) => row['name'] === name);
  }
}

/** A one-time password for the agent's enrolment. */
export function newEnrolToken(): string {
  return randomBytes(24).toString('base64url');
}
