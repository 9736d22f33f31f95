/**
 * The first things in a lab, made through its API: zone, pod, cluster, the hosts, shared storage, image and network.
 * Each is looked for by name before it is made, so an interrupted `lab up` goes on where it stopped.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { SHARED_VXLAN_OFFERING } from '@durastack/contracts/network/network-offerings';
import type { ApiClient } from '../api/api-client.js';
import { ensure, idOf, rows, type Row } from '../first-cloud/ensure.js';
import { ensureTemplate } from '../first-cloud/first-template.js';
import type { Steps } from '../system/steps.js';
import { cephPoolParameters, type LabCeph } from './ceph/ceph.js';
import { addLabHost, listLabHosts, type Place } from './hosts.js';
import { HOST_PLACES } from './host/host-spec.js';
import type { Lab } from './lab-file.js';

/** Names of what is made. */
export const LAB_NAMES = {
  zone: 'lab-zone',
  pod: 'lab-pod',
  cluster: 'lab-cluster',
  sharedPool: 'shared',
  cephPool: 'ceph',
  fusePool: 'shared-fuse',
  images: 'images',
  template: 'tiny-linux',
  network: 'lab-net',
  keyPair: 'lab',
} as const;

/** Addresses of the guests' network; it exists on the hosts' switches alone. */
const GUESTS = { gateway: '10.77.0.1', netmask: '255.255.255.0', startip: '10.77.0.10', endip: '10.77.0.250' };

/** Numbers for networks between the hosts. */
const VNIS = '4000-4999';

const HOSTS_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

/** Makes them; one object per run. */
export class LabCloud {
  constructor(
    private readonly lab: Lab,
    private readonly api: ApiClient,
    private readonly steps: Steps,
  ) {}

  /** Zone, pod and cluster. */
  async place(): Promise<Place> {
    const { subnet } = this.lab.state;
    const dns = { dns1: GUESTS.gateway, internaldns1: subnet.gateway };
    const zone = { networktype: 'Advanced', vxlanrange: VNIS, ...dns };
    const zoneid = idOf(await ensure(this.api, 'Zone', LAB_NAMES.zone, zone));
    const range = { netmask: subnet.netmask, gateway: subnet.gateway, startip: subnet.startIp, endip: subnet.endIp };
    const podid = idOf(await ensure(this.api, 'Pod', LAB_NAMES.pod, { zoneid, ...range }));
    const kind = { hypervisor: 'KVM', clustertype: 'CloudManaged', clustername: LAB_NAMES.cluster };
    const known = await this.find('listClusters', { zoneid }, LAB_NAMES.cluster);
    const cluster = known ?? rows(await this.api.callAndWait('addCluster', { zoneid, podid, ...kind }))[0];
    return { zoneid, podid, clusterid: idOf(cluster) };
  }

  /** All hosts side by side. @returns when each is Up */
  async hosts(place: Place): Promise<void> {
    await all(
      this.lab.hosts.map((host) =>
        this.steps.run(`addHost ${host.plan.name}`, () => addLabHost(this.api, this.lab, host, place)),
      ),
    );
    const deadline = performance.now() + HOSTS_TIMEOUT_MS;
    for (;;) {
      const away = (await listLabHosts(this.api)).filter((row) => row['state'] !== 'Up');
      if (away.length === 0) return;
      if (performance.now() > deadline) {
        const names = away.map((row) => `${String(row['name'])} (${String(row['state'])})`).join(', ');
        throw new DurastackError('HOST_UNREACHABLE', `Hosts that do not report: ${names}; see "dura lab status".`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Pools and image store, in folders that all hosts see at the same path. */
  async storage(place: Place): Promise<void> {
    await ensure(this.api, 'StoragePool', LAB_NAMES.sharedPool, {
      ...{ ...place, scope: 'CLUSTER', tags: 'shared' },
      url: `SharedMountPoint://${HOST_PLACES.shared}`,
    });
    if ((await this.find('listImageStores', { zoneid: place.zoneid }, LAB_NAMES.images)) !== undefined) return;
    const store = { name: LAB_NAMES.images, provider: 'Directory', zoneid: place.zoneid };
    await this.api.callAndWait('addImageStore', { ...store, url: `file://${HOST_PLACES.images}` });
  }

  /** A pool on the FUSE file systems; QEMU's image locks do not reach through them. */
  async fuseStorage(place: Place): Promise<void> {
    const pool = { ...place, scope: 'CLUSTER', tags: 'fuse', url: `SharedMountPoint://${HOST_PLACES.fuse}` };
    await ensure(this.api, 'StoragePool', LAB_NAMES.fusePool, pool);
  }

  /** The RBD pool of the lab's cluster. */
  async cephStorage(place: Place, cluster: LabCeph): Promise<void> {
    const params = { ...place, scope: 'CLUSTER', tags: 'ceph', ...cephPoolParameters(cluster) };
    await ensure(this.api, 'StoragePool', LAB_NAMES.cephPool, params);
  }

  /** The image of a small Linux. */
  async template({ zoneid }: Place, path: string): Promise<void> {
    const source = { path: Promise.resolve(path), servedAt: this.lab.state.subnet.gateway };
    const what = { name: LAB_NAMES.template, displaytext: 'A small Linux: busybox, DHCP, cloud-init data, SSH' };
    await ensureTemplate(this.api, { ...what, zoneid, hypervisor: 'KVM', source });
  }

  /** A network that guests on different hosts share. */
  async network(place: Place): Promise<void> {
    const { zoneid } = place;
    if ((await this.find('listNetworks', { zoneid, listall: 'true' }, LAB_NAMES.network)) !== undefined) return;
    const offering = await this.find('listNetworkOfferings', {}, SHARED_VXLAN_OFFERING.name);
    await this.api.callAndWait('createNetwork', {
      ...{ name: LAB_NAMES.network, displaytext: 'Guests on all hosts of the lab' },
      ...{ zoneid, networkofferingid: idOf(offering), ...GUESTS },
    });
  }

  /** The lab's own key, with which its tests enter guests too. */
  async keyPair(): Promise<void> {
    if ((await this.find('listSSHKeyPairs', {}, LAB_NAMES.keyPair)) !== undefined) return;
    const publickey = readFileSync(`${this.lab.home.sshKeyFile}.pub`, 'utf8').trim();
    await this.api.callAndWait('registerSSHKeyPair', { name: LAB_NAMES.keyPair, publickey });
  }

  private async find(command: string, params: Record<string, string>, name: string): Promise<Row | undefined> {
    return rows(await this.api.call(command, params)).find((row) => row['name'] === name);
  }
}

/** Waits for all, also when one fails, so that nothing is still being made when the failure is told. */
export async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
