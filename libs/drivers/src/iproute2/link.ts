/** Network devices by iproute2: read as JSON, changed in one batch. */
import { createHash } from 'node:crypto';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import { ipv4, ipv4Cidr } from '../network/ipv4.js';
import type { HostShell } from '../process/host-shell.js';

/** What iproute2 says of a device, as far as it is read here. */
export interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** Address on the device of a network whose gateway is elsewhere: DHCP needs some address to answer from. */
const SERVICE_ADDRESS = '169.254.169.253/32';

/** A device with its addresses; undefined when there is none of that name. */
export async function findLink(shell: HostShell, name: string): Promise<Link | undefined> {
  try {
    // Addresses come without the alias, and links without addresses.
    const links = await shell.run('ip', ['-j', '-d', 'link', 'show', 'dev', name]);
    const addresses = await shell.run('ip', ['-j', 'address', 'show', 'dev', name]);
    const [link, address] = [JSON.parse(links) as Link[], JSON.parse(addresses) as Link[]].map(([first]) => first);
    return link && { ...link, addr_info: address?.addr_info ?? [] };
  } catch (error) {
    const stderr = isDurastackError(error) ? String(error.details['stderr'] ?? '') : '';
    if (stderr.includes('does not exist') || stderr.includes('Cannot find device')) return undefined;
    throw error;
  }
}

/** All devices of a kind. */
export async function listLinks(shell: HostShell, kind: 'bridge'): Promise<Link[]> {
  return JSON.parse(await shell.run('ip', ['-j', 'link', 'show', 'type', kind])) as Link[];
}

/** Carries out iproute2 commands in order; the first that fails ends it. */
export async function changeLinks(shell: HostShell, commands: readonly string[]): Promise<void> {
  if (commands.length > 0) await shell.run('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/** What makes a device the network's on this host: its size, its one address, and that it is up. */
export function bringUpCommands(network: NetworkSpec, device: string, link: Link | undefined): string[] {
  const { mtu } = network;
  const address = network.gatewayOnHost ? `${ipv4(network.gateway)}/${ipv4Cidr(network.cidr).prefix}` : SERVICE_ADDRESS;
  const commands: string[] = [];
  if (link?.mtu !== mtu) commands.push(`link set dev ${device} mtu ${mtu}`);
  if (!link?.flags.includes('UP')) commands.push(`link set dev ${device} up`);
  const present = (link?.addr_info ?? []).map((info) => `${info.local}/${info.prefixlen}`);
  if (!present.includes(address)) commands.push(`address add ${address} dev ${device}`);
  for (const other of present) if (other !== address) commands.push(`address del ${other} dev ${device}`);
  return commands;
}

/** Removes a tap of that name, if there is one. Whatever else carries the name was not made for a guest. */
export async function deleteTap(shell: HostShell, name: string): Promise<void> {
  const link = await findLink(shell, name);
  if (link?.linkinfo?.info_kind === 'tun') await shell.run('ip', ['link', 'delete', 'dev', name]);
}

/** A network's own, locally administered MAC: left to itself a bridge takes that of its lowest port, and changes. */
export function networkMac(networkId: string): string {
  const digest = createHash('sha256').update(networkId).digest('hex');
  return `06:${(digest.slice(0, 10).match(/../g) ?? []).join(':')}`;
}
