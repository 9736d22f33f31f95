/** A guest of the network suites: a network namespace behind a veth device that stands for its tap. */
import { randomUUID } from 'node:crypto';
import type { NetworkSpec, NicSpec } from '@durastack/contracts/agent/specs';
import { run } from '../process/run.js';
import type { RawLink } from '../testing/raw-link.js';

/** The networks of a host, as a driver uses them. */
export interface NetworksUnderTest {
  ensure(network: NetworkSpec): Promise<void>;
  ensureGone(networkId: string): Promise<void>;
  bind(vmId: string, nics: readonly NicSpec[]): Promise<void>;
  plugged(vmId: string): Promise<void>;
  announce(vmId: string): Promise<void>;
  unbind(vmId: string): Promise<void>;
  reconcile(): Promise<void>;
}

/** See the module's comment. */
export interface Guest {
  readonly vmId: string;
  readonly nic: NicSpec;
  readonly link: RawLink;
}

/** Where guests are plugged in. */
export interface GuestHost {
  readonly networks: NetworksUnderTest;
  readonly network: NetworkSpec;
  readonly hostNamespace: string;
  /** Nobody completes checksums on the way: guests must not leave that to others. */
  readonly withoutOffloads: boolean;
  /** Puts a device that exists in the host's namespace on the network's switch, as libvirt does with a tap. */
  plug(nic: NicSpec): Promise<void>;
}

/** A guest's interface by the last number of its address. */
export function guestNic(network: NetworkSpec, number: number): NicSpec {
  return {
    id: randomUUID(),
    tap: `${network.bridge.slice(0, 10)}v${number}`,
    mac: `06:00:00:00:01:${number.toString(16).padStart(2, '0')}`,
    ip: network.gateway.replace(/\d+$/, String(number)),
    network,
    isDefault: true,
  };
}

/** Binds a guest and plugs it in, in that order. */
export async function addGuest(host: GuestHost, number: number): Promise<Guest> {
  const nic = guestNic(host.network, number);
  const namespace = `${host.hostNamespace}-${number}`;
  const guest = { vmId: randomUUID(), nic, link: { namespace, device: 'eth0' } };
  await run('ip', ['netns', 'add', namespace]);
  await enterGuest(host, guest);
  return guest;
}

/** Plugs a guest in whose namespace has no interface: a new one, or one that comes from another host. */
export async function enterGuest(host: GuestHost, { vmId, nic, link: { namespace } }: Guest): Promise<void> {
  const { networks, hostNamespace } = host;
  await networks.bind(vmId, [nic]);
  const veth = ['type', 'veth', 'peer', 'name', 'eth0', 'address', nic.mac, 'netns', namespace];
  await run('ip', ['-n', hostNamespace, 'link', 'add', nic.tap, 'mtu', String(nic.network.mtu), ...veth]);
  await run('ip', ['-n', hostNamespace, 'link', 'set', nic.tap, 'up']);
  const enter = [`--net=/run/netns/${namespace}`, '--'];
  if (host.withoutOffloads) await run('nsenter', [...enter, 'ethtool', '-K', 'eth0', 'tx', 'off']);
  await run('ip', ['-n', namespace, 'address', 'add', `${nic.ip}/24`, 'dev', 'eth0']);
  await run('ip', ['-n', namespace, 'link', 'set', 'eth0', 'mtu', String(nic.network.mtu), 'up']);
  await host.plug(nic);
  await networks.plugged(vmId);
}

/** The guest's namespace is gone, and with it its interface. */
export function removeGuest({ link }: Guest): Promise<string> {
  return run('ip', ['netns', 'delete', link.namespace]);
}
