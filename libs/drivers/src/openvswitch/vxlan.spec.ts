import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkSpec, NicSpec } from '@durastack/contracts/agent/specs';
import { expect } from 'vitest';
import {
  describeFabricConformance,
  type FabricHostSubject,
  type FabricSubject,
} from '../conformance/fabric-conformance.js';
import { HostNetworks } from '../network/host-networks.js';
import { startFabric, type FabricHost } from './fabric-fixture.js';
import { OpenVSwitch } from './open-vswitch.js';

async function makeSubject(): Promise<FabricSubject> {
  const dir = await mkdtemp(join(tmpdir(), 'dura-vx-'));
  const instance = `x${randomUUID().slice(0, 6)}`;
  const fabric = await startFabric(`dura-${instance}`, dir, 3);
  const addresses = fabric.hosts.map(({ address }) => address);
  const id = randomUUID();
  const subjectOf = (host: FabricHost, index: number): FabricHostSubject => {
    const networkAmong = (count: number, revision: number): NetworkSpec => ({
      ...{ id, name: 'spanning', driver: 'ovs', bridge: `${instance}-x1`, mtu: 1500 },
      ...{ cidr: '10.78.3.0/24', gateway: '10.78.3.1', gatewayOnHost: true, dns: [] },
      vxlan: {
        ...{ vni: 5001, revision, localAddress: host.address },
        peers: addresses.slice(0, count).filter((address) => address !== host.address),
      },
    });
    const stateDir = join(dir, `s${index}`);
    const { shell, ovsRunDir } = host;
    const network = networkAmong(3, 1);
    return {
      networks: new HostNetworks({ instance, stateDir, dnsmasqDir: join(stateDir, 'dhcp'), shell, ovsRunDir }),
      network,
      networkAmong,
      hostNamespace: host.namespace,
      gatewayDevice: new OpenVSwitch(shell, instance, ovsRunDir).deviceOf(network),
      withoutOffloads: true,
      devices: async () => {
        const links = JSON.parse(await shell.run('ip', ['-j', 'link', 'show'])) as { ifname: string }[];
        return links.map(({ ifname }) => ifname).filter((name) => name.startsWith(instance));
      },
      flushRules: async () => {
        await shell.run('ovs-ofctl', ['del-flows', network.bridge], { env: { OVS_RUNDIR: ovsRunDir } });
      },
      plug: async ({ tap }: NicSpec) => {
        const add = ['--', '--if-exists', 'del-port', tap, '--', 'add-port', network.bridge, tap];
        await shell.run('ovs-vsctl', ['--timeout=10', ...add], { env: { OVS_RUNDIR: ovsRunDir } });
      },
    };
  };
  const [first, second, third] = fabric.hosts.map(subjectOf);
  if (!first || !second || !third) return expect.fail('The fabric has fewer hosts than asked for');
  return {
    hosts: [first, second, third],
    close: async () => {
      await fabric.end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describeFabricConformance('Open vSwitch, VXLAN, userspace datapath', makeSubject);
