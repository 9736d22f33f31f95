/**
 * The tunnels of a VXLAN network: one port for each other host that has it, on the network's own bridge.
 *
 * Tunnels and the gateway's device are "protected" ports: Open vSwitch forwards nothing from one protected port to
 * another. So a frame never goes from tunnel to tunnel (with every host connected to every other that would be a
 * loop), and gateway and DHCP server of a host are only ever heard by its own guests.
 */
import { createHash } from 'node:crypto';
import type { NetworkSpec, VxlanSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { ipv4 } from '../network/ipv4.js';
import type { HostShell } from '../process/host-shell.js';
import type { OvsInterface } from './ovs-view.js';

/** External id of a tunnel's interface: the other host's address. */
const PEER_KEY = 'durastack-peer';

/** A network with its tunnels. */
export interface VxlanNetwork extends NetworkSpec {
  readonly vxlan: VxlanSpec;
}

/** Whether hosts share the network through tunnels. */
export function isVxlan(network: NetworkSpec): network is VxlanNetwork {
  return network.vxlan !== undefined;
}

/** Whether the interface is a tunnel of a network. */
export function isTunnel({ ids }: OvsInterface): boolean {
  return ids.has(PEER_KEY);
}

/** Name of the tunnel of a network to a peer; at most 15 characters: instance (8), a letter, six of base 36. */
export function tunnelName(instance: string, network: VxlanNetwork, peer: string): string {
  const digest = createHash('sha256').update(`${network.id} ${peer}`).digest();
  return `${instance}x${digest.readUIntBE(0, 6).toString(36).padStart(6, '0').slice(-6)}`;
}

/** The parts of an `ovs-vsctl` transaction that give the bridge exactly these tunnels. */
export function tunnelChanges(
  instance: string,
  network: VxlanNetwork,
  present: readonly OvsInterface[],
): readonly string[] {
  const { vni, localAddress, peers } = network.vxlan;
  const wanted = new Map(peers.map((peer) => [tunnelName(instance, network, peer), ipv4(peer)]));
  const stale = staleTunnels(instance, network, present).map(({ name }) => name);
  const options = [`options:key=${vni}`, `options:local_ip=${ipv4(localAddress)}`, 'options:df_default=false'];
  return [
    ...stale.flatMap((name) => ['--', '--if-exists', 'del-port', network.bridge, name]),
    ...[...wanted].flatMap(([name, peer]) => [
      ...['--', '--may-exist', 'add-port', network.bridge, name],
      ...['--', 'set', 'port', name, 'protected=true'],
      ...['--', 'set', 'interface', name, 'type=vxlan', `options:remote_ip=${peer}`, ...options],
      `external_ids:${PEER_KEY}=${peer}`,
    ]),
  ];
}

/** Tunnels of the network's bridge to hosts that do not take part any more. */
export function staleTunnels(
  instance: string,
  network: VxlanNetwork,
  present: readonly OvsInterface[],
): readonly OvsInterface[] {
  const wanted = new Set(network.vxlan.peers.map((peer) => tunnelName(instance, network, peer)));
  return present.filter((found) => isTunnel(found) && !wanted.has(found.name));
}

/**
 * The host has the address that its tunnels start from: Open vSwitch would send nothing otherwise, and say nothing.
 *
 * @throws DurastackError `STEP_REFUSED`
 */
export async function requireTunnelAddress(shell: HostShell, { name, vxlan }: VxlanNetwork): Promise<void> {
  const links = JSON.parse(await shell.run('ip', ['-j', '-4', 'address', 'show'])) as readonly {
    readonly addr_info?: readonly { readonly local?: string }[];
  }[];
  const addresses = links.flatMap(({ addr_info: infos = [] }) => infos.flatMap(({ local }) => local ?? []));
  if (addresses.includes(vxlan.localAddress)) return;
  const text = `This host has no address ${vxlan.localAddress} for the tunnels of network ${name} (it has ${addresses.join(', ')})`;
  throw new DurastackError('STEP_REFUSED', `${text}; give the host its tunnel address with updateHost`);
}

/**
 * Every tunnel is in use by the switch.
 *
 * @throws DurastackError `STEP_REFUSED` with what Open vSwitch says
 */
export function requireTunnels(instance: string, network: VxlanNetwork, present: readonly OvsInterface[]): void {
  for (const peer of network.vxlan.peers) {
    const tunnel = present.find(({ name }) => name === tunnelName(instance, network, peer));
    if (tunnel?.number !== undefined) continue;
    const reason = tunnel?.error ?? 'the switch gave it no port';
    throw new DurastackError('STEP_REFUSED', `Open vSwitch makes no tunnel to ${peer} for ${network.name}: ${reason}`);
  }
}
