/** Networks as Linux bridges, one per network, made by iproute2; ports isolated by nftables. */
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { bringUpCommands, changeLinks, deleteTap, findLink, listLinks, networkMac } from '../iproute2/link.js';
import type { Port } from '../network/port.js';
import type { Switch } from '../network/switch.js';
import { hasTable, replaceTable } from '../nftables/table.js';
import type { HostShell } from '../process/host-shell.js';
import { portRules } from './port-rules.js';

/** Linux bridges of one instance on one host. */
export class LinuxBridge implements Switch {
  readonly numbersPorts = false;
  readonly #shell: HostShell;
  readonly #instance: string;

  constructor(shell: HostShell, instance: string) {
    this.#shell = shell;
    this.#instance = instance;
  }

  deviceOf(network: NetworkSpec): string {
    return network.bridge;
  }

  async ensure(network: NetworkSpec): Promise<void> {
    const { bridge } = network;
    const link = await findLink(this.#shell, bridge);
    const alias = this.#alias(network.id);
    const mac = networkMac(network.id);
    // Made, but not marked yet, by an attempt that was killed.
    const isUnmarkedOurs = link?.ifalias === undefined && link?.address === mac;
    if (link && link.ifalias !== alias && !isUnmarkedOurs) {
      const owner = link.ifalias ? `belongs to "${link.ifalias}"` : 'was made by somebody else';
      const text = `Device ${bridge} exists and ${owner}; remove it or rename the network's bridge`;
      throw new DurastackError('CONFLICT', text);
    }
    const commands: string[] = [];
    if (!link) commands.push(`link add name ${bridge} address ${mac} type bridge stp_state 0 mcast_snooping 0`);
    // No IPv6 address of the host on a network of guests.
    if (link?.ifalias !== alias) commands.push(`link set dev ${bridge} alias ${alias} addrgenmode none`);
    await changeLinks(this.#shell, [...commands, ...bringUpCommands(network, bridge, link)]);
  }

  async remove(network: NetworkSpec): Promise<void> {
    const link = await findLink(this.#shell, network.bridge);
    if (link?.ifalias !== this.#alias(network.id)) return;
    await changeLinks(this.#shell, [`link delete dev ${network.bridge}`]);
  }

  async list(): Promise<readonly string[]> {
    const mark = this.#alias('');
    const aliases = (await listLinks(this.#shell, 'bridge')).map((link) => link.ifalias ?? '');
    return aliases.filter((alias) => alias.startsWith(mark)).map((alias) => alias.slice(mark.length));
  }

  async isolate(ports: readonly Port[]): Promise<void> {
    const body = ports.length > 0 ? portRules(ports) : undefined;
    await replaceTable(this.#shell, { family: 'bridge', instance: this.#instance, body });
  }

  isIsolated(): Promise<boolean> {
    return hasTable(this.#shell, 'bridge', this.#instance);
  }

  /** There is no switch besides this bridge. */
  announce(): Promise<void> {
    return Promise.resolve();
  }

  removeTap(port: Port): Promise<void> {
    return deleteTap(this.#shell, port.tap);
  }

  /** The kernel completes checksums where a frame leaves the host. */
  withoutOffloads(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #alias(networkId: string): string {
    return `durastack:${this.#instance}:${networkId}`;
  }
}
