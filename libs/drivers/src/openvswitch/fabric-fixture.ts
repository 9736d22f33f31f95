/**
 * Hosts for specs that share an underlay: each a network namespace with an Open vSwitch of its own, joined by a bridge
 * in a namespace between them.
 *
 * With the userspace datapath tunnels find their way only when the underlay's address lies on a bridge of the switch
 * itself, and nobody completes checksums on the way.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostShell, type HostShell } from '../process/host-shell.js';
import { run } from '../process/run.js';
import { startOvs } from './ovs-fixture.js';

const UNDERLAY_MTU = 9000;

/** A host of the fabric. */
export interface FabricHost {
  readonly namespace: string;
  readonly shell: HostShell;
  /** Its address on the underlay. */
  readonly address: string;
  readonly ovsRunDir: string;
}

/** Hosts on one underlay. */
export interface FabricFixture {
  readonly hosts: readonly FabricHost[];
  end(): Promise<void>;
}

/**
 * Makes the fabric.
 *
 * @param name short, unique on the machine: namespaces and devices carry it
 * @param dir where the switches keep their files
 */
export async function startFabric(name: string, dir: string, count: number): Promise<FabricFixture> {
  const between = `${name}-fab`;
  const undo: (() => Promise<unknown>)[] = [];
  const makeNamespace = async (namespace: string): Promise<void> => {
    await run('ip', ['netns', 'add', namespace]);
    undo.push(() => run('ip', ['netns', 'delete', namespace]));
    await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  };
  await makeNamespace(between);
  await run('ip', ['-n', between, 'link', 'add', 'br0', 'mtu', String(UNDERLAY_MTU), 'type', 'bridge']);
  await run('ip', ['-n', between, 'link', 'set', 'br0', 'up']);
  const hosts: FabricHost[] = [];
  for (let number = 1; number <= count; number += 1) {
    const namespace = `${name}-h${number}`;
    await makeNamespace(namespace);
    const host = {
      namespace,
      shell: hostShell(namespace),
      address: `10.78.255.${number}`,
      ovsRunDir: join(dir, `o${number}`),
    };
    await joinUnderlay(between, host, `v${number}`);
    await mkdir(host.ovsRunDir);
    const ovs = await startOvs(host.shell, host.ovsRunDir);
    undo.push(() => ovs.end());
    await bridgeUnderlay(host);
    hosts.push(host);
  }
  return {
    hosts,
    end: async () => {
      for (const step of undo.reverse()) await step();
    },
  };
}

async function joinUnderlay(between: string, { namespace, shell }: FabricHost, port: string): Promise<void> {
  const mtu = ['mtu', String(UNDERLAY_MTU)];
  const peer = ['type', 'veth', 'peer', 'name', port, ...mtu, 'netns', between];
  await run('ip', ['-n', namespace, 'link', 'add', 'eth0', ...mtu, ...peer]);
  await run('ip', ['-n', between, 'link', 'set', port, 'master', 'br0', 'up']);
  await shell.run('ip', ['link', 'set', 'eth0', 'up']);
  await shell.run('ethtool', ['-K', 'eth0', 'tx', 'off']);
  await hostShell(between).run('ethtool', ['-K', port, 'tx', 'off']);
}

async function bridgeUnderlay({ shell, address, ovsRunDir }: FabricHost): Promise<void> {
  const env = { OVS_RUNDIR: ovsRunDir };
  const bridge = ['--', 'add-br', 'br-phy', '--', 'set', 'bridge', 'br-phy', 'datapath_type=netdev'];
  const port = ['--', 'add-port', 'br-phy', 'eth0', '--', 'set', 'interface', 'br-phy', `mtu_request=${UNDERLAY_MTU}`];
  await shell.run('ovs-vsctl', ['--timeout=10', ...bridge, ...port], { env });
  await shell.run('ip', ['address', 'add', `${address}/24`, 'dev', 'br-phy']);
  await shell.run('ip', ['link', 'set', 'br-phy', 'up']);
}
