import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { describeNetworkConformance, type NetworkSubject } from '../conformance/network-conformance.js';
import { HostNetworks } from '../network/host-networks.js';
import { hostShell } from '../process/host-shell.js';
import { run } from '../process/run.js';

async function makeSubject(): Promise<NetworkSubject> {
  const dir = await mkdtemp(join(tmpdir(), 'dura-lb-'));
  const instance = `b${randomUUID().slice(0, 6)}`;
  const hostNamespace = `dura-${instance}`;
  await run('ip', ['netns', 'add', hostNamespace]);
  const shell = hostShell(hostNamespace);
  const make = (): HostNetworks => new HostNetworks({ instance, stateDir: dir, dnsmasqDir: join(dir, 'dhcp'), shell });
  const network: NetworkSpec = {
    id: randomUUID(),
    name: 'shared',
    driver: 'bridge',
    bridge: `${instance}n1`,
    cidr: '10.78.1.0/24',
    gateway: '10.78.1.1',
    gatewayOnHost: true,
    dns: ['10.78.1.1'],
    mtu: 1500,
  };
  return {
    networks: make(),
    restarted: make,
    network,
    hostNamespace,
    withoutOffloads: false,
    plug: async (nic) => {
      await shell.run('ip', ['link', 'set', 'dev', nic.tap, 'master', network.bridge]);
    },
    flushRules: async () => {
      await shell.run('nft', ['flush', 'ruleset']);
    },
    close: async () => {
      await run('ip', ['netns', 'delete', hostNamespace]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describeNetworkConformance('Linux bridge', makeSubject);
