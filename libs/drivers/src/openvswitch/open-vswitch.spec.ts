import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { describeNetworkConformance, type NetworkSubject } from '../conformance/network-conformance.js';
import { HostNetworks } from '../network/host-networks.js';
import { hostShell } from '../process/host-shell.js';
import { run } from '../process/run.js';
import { startOvs } from './ovs-fixture.js';

async function makeSubject(): Promise<NetworkSubject> {
  const dir = await mkdtemp(join(tmpdir(), 'dura-ovs-'));
  const instance = `o${randomUUID().slice(0, 6)}`;
  const hostNamespace = `dura-${instance}`;
  await run('ip', ['netns', 'add', hostNamespace]);
  const shell = hostShell(hostNamespace);
  const ovsRunDir = join(dir, 'ovs');
  await mkdir(ovsRunDir);
  const ovs = await startOvs(shell, ovsRunDir);
  const env = { OVS_RUNDIR: ovsRunDir };
  const make = (): HostNetworks =>
    new HostNetworks({ instance, stateDir: dir, dnsmasqDir: join(dir, 'dhcp'), shell, ovsRunDir });
  const network: NetworkSpec = {
    id: randomUUID(),
    name: 'shared',
    driver: 'ovs',
    bridge: `${instance}s`,
    vlan: 101,
    cidr: '10.78.2.0/24',
    gateway: '10.78.2.1',
    gatewayOnHost: true,
    dns: ['10.78.2.1'],
    mtu: 1500,
  };
  return {
    networks: make(),
    restarted: make,
    network,
    hostNamespace,
    withoutOffloads: true,
    plug: async ({ tap }) => {
      const add = ['--', '--may-exist', 'add-port', network.bridge, tap, `tag=${network.vlan}`];
      await shell.run('ovs-vsctl', ['--timeout=10', ...add], { env });
    },
    flushRules: async () => {
      // As a bridge behaves to which nobody gave flows: like any switch.
      await shell.run('ovs-ofctl', ['del-flows', network.bridge], { env });
      await shell.run('ovs-ofctl', ['add-flow', network.bridge, 'actions=NORMAL'], { env });
    },
    close: async () => {
      await ovs.end();
      await run('ip', ['netns', 'delete', hostNamespace]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describeNetworkConformance('Open vSwitch, userspace datapath', makeSubject);
