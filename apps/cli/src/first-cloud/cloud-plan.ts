/** What a first cloud is made of: with this machine as its host, or with simulated ones. */
import { createHash } from 'node:crypto';
import type { InstanceFile, SimulatorProfile } from '../instance/instance-file.js';
import { findFreeSubnet, type Subnet } from './free-subnet.js';
import type { FirstTemplate } from './first-template.js';

/** Names and kinds of everything; see first-cloud.ts. */
export interface CloudPlan {
  readonly zone: string;
  /** For networks that span hosts. */
  readonly vxlanrange?: string;
  readonly pod: string;
  readonly cluster: string;
  readonly hypervisor: 'KVM' | 'Simulator';
  /** Of the agents that wait for their enrolment. */
  readonly hostUrls: readonly string[];
  /** Whether the agent may be shown its enrolment secret once only. */
  readonly enrolsOnce: boolean;
  readonly pool: { readonly name: string; readonly scope: 'HOST' | 'CLUSTER'; readonly url: string };
  readonly images: { readonly name: string; readonly url: string };
  readonly template: Omit<FirstTemplate, 'zoneid' | 'hypervisor'>;
  readonly network: { readonly name: string; readonly displaytext: string; readonly subnet: Subnet };
}

/** Simulated hosts reach nothing, so their addresses are free to be many. */
const SIMULATED_SUBNET: Subnet = {
  gateway: '10.1.0.1',
  netmask: '255.255.0.0',
  startIp: '10.1.1.1',
  endIp: '10.1.250.250',
};

/** Names of the sandbox are those that integration suites of CloudStack's clients look for. */
const SIMULATED_NAMES = {
  plain: {
    ...{ zone: 'sim-zone', pod: 'sim-pod', cluster: 'sim-cluster', pool: 'primary', images: 'secondary' },
    ...{ template: { name: 'tiny-linux', displaytext: 'A simulated Linux', osType: 'Other Linux (64-bit)' } },
  },
  sandbox: {
    ...{ zone: 'Sandbox-simulator', pod: 'POD0', cluster: 'C1', pool: 'PS0', images: 'SS0' },
    template: {
      name: 'CentOS 5.6 (64-bit) no GUI (Simulator)',
      displaytext: 'CentOS 5.6 (64-bit) no GUI (Simulator)',
      osType: 'CentOS 5.6 (64-bit)',
    },
  },
} as const;

/** The plan with this machine as the only host. @param image the first template's file, in the making */
export async function planOfThisMachine(file: InstanceFile, image: Promise<string>): Promise<CloudPlan> {
  const { home } = file;
  return {
    ...{ zone: 'zone-1', pod: 'pod-1', cluster: 'cluster-1', hypervisor: 'KVM' },
    hostUrls: [`agent://127.0.0.1:${file.port('agent')}`],
    enrolsOnce: true,
    pool: { name: 'local', scope: 'HOST', url: `file://${home.pool}` },
    images: { name: 'images', url: `file://${home.images}` },
    template: {
      name: 'tiny-linux',
      displaytext: 'A small Linux: busybox, DHCP, cloud-init data, SSH',
      source: { path: image },
    },
    network: {
      name: 'shared-1',
      displaytext: 'Addresses by DHCP on a bridge of this machine',
      subnet: await findFreeSubnet(file.state.name),
    },
  };
}

/** The plan with hosts that one agent simulates, each known by a name behind the agent's address. */
export function simulatedPlan(file: InstanceFile, hosts: number, profile: SimulatorProfile): CloudPlan {
  const { home } = file;
  const names = SIMULATED_NAMES[profile];
  const agent = `agent://127.0.0.1:${file.port('agent')}`;
  // Nothing is fetched from there: simulated hosts have every image at once.
  const url = 'http://127.0.0.1/simulated.qcow2';
  const checksum = createHash('sha256').update(url).digest('hex');
  return {
    vxlanrange: '5000-14999',
    ...{ zone: names.zone, pod: names.pod, cluster: names.cluster, hypervisor: 'Simulator' },
    hostUrls: Array.from({ length: hosts }, (_, index) => `${agent}/sim-${index + 1}`),
    enrolsOnce: false,
    pool: { name: names.pool, scope: 'CLUSTER', url: `SharedMountPoint://localhost${home.pool}` },
    images: { name: names.images, url: `file://${home.images}` },
    template: { ...names.template, source: { url, checksum } },
    network: { name: 'shared-1', displaytext: 'Addresses of simulated machines', subnet: SIMULATED_SUBNET },
  };
}
