/** Networks as Linux bridges, one per network, made by iproute2; ports isolated by nftables. */
import { createHash } from 'node:crypto';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { ipv4, ipv4Cidr } from '../network/ipv4.js';
import type { Port } from '../network/port.js';
import type { Switch } from '../network/switch.js';
import { hasTable, replaceTable } from '../nftables/table.js';
import type { HostShell } from '../process/host-shell.js';
import { portRules } from './port-rules.js';

/** What `ip -j link` and `ip -j address` say of a device, as far as it is read here. */
interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly ifalias?: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** Address on the bridge of a network whose gateway is elsewhere: DHCP needs some address to answer from. */
const SERVICE_ADDRESS = '169.254.169.253/32';

/** Linux bridges of one instance on one host. */
export class LinuxBridge implements Switch {
  readonly #shell: HostShell;
  readonly #instance: string;

  constructor(shell: HostShell, instance: string) {
    this.#shell = shell;
    this.#instance = instance;
  }

  async ensure(network: NetworkSpec): Promise<string> {
    const { bridge, mtu } = network;
    const address = network.gatewayOnHost
      ? `${ipv4(network.gateway)}/${ipv4Cidr(network.cidr).prefix}`
      : SERVICE_ADDRESS;
    const link = await this.#link(bridge);
    const alias = this.#alias(network.id);
    // Made, but not marked yet, by an attempt that was killed.
    const isUnmarkedOurs = link?.ifalias === undefined && link?.address === bridgeMac(network.id);
    if (link && link.ifalias !== alias && !isUnmarkedOurs) {
      const owner = link.ifalias ? `belongs to "${link.ifalias}"` : 'was made by somebody else';
      throw new DurastackError(
        'CONFLICT',
        `Device ${bridge} exists and ${owner}; remove it or rename the network's bridge`,
      );
    }
    const commands: string[] = [];
    if (!link) {
      commands.push(
        `link add name ${bridge} address ${bridgeMac(network.id)} type bridge stp_state 0 mcast_snooping 0`,
      );
    }
    // No IPv6 address of the host on a network of guests.
    if (link?.ifalias !== alias) commands.push(`link set dev ${bridge} alias ${alias} addrgenmode none`);
    if (link?.mtu !== mtu) commands.push(`link set dev ${bridge} mtu ${mtu}`);
    if (!link?.flags.includes('UP')) commands.push(`link set dev ${bridge} up`);
    const present = (link?.addr_info ?? []).map((info) => `${info.local}/${info.prefixlen}`);
    if (!present.includes(address)) commands.push(`address add ${address} dev ${bridge}`);
    for (const other of present) if (other !== address) commands.push(`address del ${other} dev ${bridge}`);
    if (commands.length > 0) await this.#shell.run('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
    return bridge;
  }

  async remove(network: NetworkSpec): Promise<void> {
    const link = await this.#link(network.bridge);
    if (link?.ifalias === this.#alias(network.id))
      await this.#shell.run('ip', ['link', 'delete', 'dev', network.bridge]);
  }

  async list(): Promise<readonly string[]> {
    const text = await this.#shell.run('ip', ['-j', 'link', 'show', 'type', 'bridge']);
    const mark = this.#alias('');
    const aliases = (JSON.parse(text) as Link[]).map((link) => link.ifalias ?? '');
    return aliases.filter((alias) => alias.startsWith(mark)).map((alias) => alias.slice(mark.length));
  }

  async isolate(ports: readonly Port[]): Promise<void> {
    await replaceTable(this.#shell, { family: 'bridge', instance: this.#instance, body: portRules(ports) });
  }

  isIsolated(): Promise<boolean> {
    return hasTable(this.#shell, 'bridge', this.#instance);
  }

  async removeTap(port: Port): Promise<void> {
    const link = await this.#link(port.tap);
    // Whatever else carries the name was not made for a guest.
    if (link?.linkinfo?.info_kind === 'tun') await this.#shell.run('ip', ['link', 'delete', 'dev', port.tap]);
  }

  /** The kernel completes checksums where a frame leaves the host. */
  withoutOffloads(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #alias(networkId: string): string {
    return `durastack:${this.#instance}:${networkId}`;
  }

  async #link(name: string): Promise<Link | undefined> {
    try {
      // Addresses come without the alias, and links without addresses.
      const links = await this.#shell.run('ip', ['-j', '-d', 'link', 'show', 'dev', name]);
      const addresses = await this.#shell.run('ip', ['-j', 'address', 'show', 'dev', name]);
      const [link, address] = [JSON.parse(links) as Link[], JSON.parse(addresses) as Link[]].map(([first]) => first);
      return link && { ...link, addr_info: address?.addr_info ?? [] };
    } catch (error) {
      const stderr = isDurastackError(error) ? String(error.details['stderr'] ?? '') : '';
      if (stderr.includes('does not exist') || stderr.includes('Cannot find device')) return undefined;
      throw error;
    }
  }
}

/** A fixed, locally administered address: left to itself a bridge takes that of its lowest port, and changes. */
function bridgeMac(networkId: string): string {
  const digest = createHash('sha256').update(networkId).digest('hex');
  return `06:${(digest.slice(0, 10).match(/../g) ?? []).join(':')}`;
}
