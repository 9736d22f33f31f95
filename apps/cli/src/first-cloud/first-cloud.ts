/**
 * The first things of a new instance, made through its API: zone, hosts, storage, image, network and
 * key pair. Each is looked for by name before it is made, so an interrupted run goes on where it stopped.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { DEFAULT_SHARED_OFFERING } from '@durastack/contracts/network/network-offerings';
import type { ApiClient } from '../api/api-client.js';
import type { InstanceFile } from '../instance/instance-file.js';
import { agentPlaces } from '../parts/node-apps.js';
import { runOrFail } from '../system/run.js';
import type { Steps } from '../system/steps.js';
import type { CloudPlan } from './cloud-plan.js';
import { ensure, idOf, rows, type Row } from './ensure.js';
import { ensureTemplate } from './first-template.js';

/** Name of the key pair that the first machine lets in. */
export const KEY_PAIR = 'dura';

const HOST_TIMEOUT_MS = 60_000;
/** Hundreds of simulated hosts are added in minutes. */
const ENROLLED_AT_ONCE = 8;
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
    private readonly plan: CloudPlan,
  ) {}

  /**
   * Makes what is missing.
   *
   * @throws with the API's own sentence when it refuses one
   */
  async prepare(): Promise<DeployBasis> {
    const { hypervisor, hostUrls } = this.plan;
    const place = await this.steps.run('Zone, pod, cluster', () => this.place());
    const title = hypervisor === 'KVM' ? 'This machine as host' : `Simulated hosts (${hostUrls.length})`;
    await this.steps.run(title, (note) => this.hosts(place, note));
    await this.steps.run('Storage pool and image store', () => this.storage(place));
    const templateid = await this.template(place);
    const networkids = await this.steps.run('Network', (note) => this.network(place.zoneid, note));
    await this.steps.run('SSH key pair', () => this.keyPair());
    return { zoneid: place.zoneid, templateid, networkids, serviceofferingid: await this.smallestOffering() };
  }

  private async place(): Promise<Place> {
    const { zone, vxlanrange, pod, hypervisor, network } = this.plan;
    const { gateway, netmask, startIp, endIp } = network.subnet;
    const dns = { dns1: gateway, internaldns1: '127.0.0.1' };
    const vnis: Record<string, string> = vxlanrange === undefined ? {} : { vxlanrange };
    const zoneid = idOf(await ensure(this.api, 'Zone', zone, { networktype: 'Advanced', ...dns, ...vnis }));
    const range = { gateway, netmask, startip: startIp, endip: endIp };
    const podid = idOf(await ensure(this.api, 'Pod', pod, { zoneid, ...range }));
    const cluster = { zoneid, podid, clustername: this.plan.cluster, hypervisor, clustertype: 'CloudManaged' };
    const known = await this.find('listClusters', { zoneid }, this.plan.cluster);
    const clusterid = idOf(known ?? rows(await this.api.callAndWait('addCluster', cluster))[0]);
    return { zoneid, podid, clusterid };
  }

  private async hosts(place: Place, note: (words: string) => void): Promise<void> {
    const known = await this.listHosts(place);
    const isThere = (url: string): boolean =>
      known.some((row) => row['state'] !== 'Error' && (this.plan.enrolsOnce || row['name'] === nameIn(url)));
    const missing = this.plan.hostUrls.filter((url) => !isThere(url));
    const added: Row[] = [];
    while (added.length < missing.length) {
      const some = missing.slice(added.length, added.length + ENROLLED_AT_ONCE);
      added.push(...(await Promise.all(some.map((url) => this.addHost(place, url)))));
    }
    if (this.plan.enrolsOnce) rmSync(this.tokenFile, { force: true });
    if (added.length > 0) note(added.length === 1 ? String(added[0]?.['name'] ?? '') : `${added.length} added`);
    await this.waitForHosts(place);
  }

  /** The agent waits for the enrolment under a self-signed certificate that is pinned by its fingerprint. */
  private async addHost(place: Place, url: string): Promise<Row> {
    const fingerprintFile = join(this.file.home.agent, 'enrol-fingerprint');
    if (!existsSync(fingerprintFile)) {
      throw new DurastackError('BUG', `The host agent has written no ${fingerprintFile}; see "dura logs agent".`);
    }
    const host = await this.api.callAndWait('addHost', {
      ...place,
      hypervisor: this.plan.hypervisor,
      url,
      fingerprint: readFileSync(fingerprintFile, 'utf8').trim(),
      password: readFileSync(this.tokenFile, 'utf8').trim(),
    });
    return rows(host)[0] ?? {};
  }

  private get tokenFile(): string {
    return agentPlaces(this.file.home, '').enrolTokenFile;
  }

  /** After an interrupted start their agent has only just begun to report again. */
  private async waitForHosts(place: Place): Promise<void> {
    const deadline = performance.now() + HOST_TIMEOUT_MS;
    for (;;) {
      const away = (await this.listHosts(place)).find((row) => row['state'] !== 'Up');
      if (away === undefined) return;
      if (performance.now() > deadline) {
        const message = `The host ${String(away['name'])} is ${String(away['state'])} and its agent does not report; see "dura logs agent".`;
        throw new DurastackError('HOST_UNREACHABLE', message);
      }
      await sleep(POLL_MS);
    }
  }

  private async listHosts({ zoneid, clusterid }: Place): Promise<Row[]> {
    return rows(await this.api.call('listHosts', { zoneid, clusterid, type: 'Routing' }));
  }

  private async storage(place: Place): Promise<void> {
    const { pool, images } = this.plan;
    const { zoneid } = place;
    const host: Record<string, string> =
      pool.scope === 'HOST' ? { hostid: idOf((await this.listHosts(place))[0]) } : {};
    await ensure(this.api, 'StoragePool', pool.name, { ...place, ...host, scope: pool.scope, url: pool.url });
    if ((await this.find('listImageStores', { zoneid }, images.name)) !== undefined) return;
    const store = { name: images.name, provider: 'Directory', zoneid, url: images.url };
    await this.api.callAndWait('addImageStore', store);
  }

  private async template({ zoneid }: Place): Promise<string> {
    const { template, hypervisor } = this.plan;
    // Its own step tells how long the image took; this one begins when it is there.
    if ('path' in template.source) await template.source.path;
    return this.steps.run('Template', (note) =>
      ensureTemplate(this.api, { ...template, zoneid, hypervisor }, (sizeBytes) =>
        note(`${(sizeBytes / 2 ** 20).toFixed(1)} MiB`),
      ),
    );
  }

  private async network(zoneid: string, note: (words: string) => void): Promise<string> {
    const { name, displaytext, subnet } = this.plan.network;
    const known = await this.find('listNetworks', { zoneid, listall: 'true' }, name);
    if (known !== undefined) return idOf(known);
    note(`${subnet.gateway} ${subnet.netmask}`);
    const offering = await this.find('listNetworkOfferings', {}, DEFAULT_SHARED_OFFERING.name);
    const reply = await this.api.callAndWait('createNetwork', {
      ...{ name, displaytext, zoneid, networkofferingid: idOf(offering) },
      ...{ gateway: subnet.gateway, netmask: subnet.netmask, startip: subnet.startIp, endip: subnet.endIp },
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

/** The name behind an agent's address: one agent simulates many hosts. */
function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
