/**
 * Networks on Open vSwitch bridges: a VLAN tag per network, ports isolated by flows.
 *
 * A bridge belongs to one instance (marked in its external ids) and may hold several of its networks, each with an
 * internal device for gateway and DHCP. An operator joins hosts by adding an uplink port with
 * `external_ids:durastack-uplink=true`; every other unknown port is silent.
 */
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { bringUpCommands, changeLinks, deleteTap, findLink, networkMac } from '../iproute2/link.js';
import type { Port } from '../network/port.js';
import type { Switch } from '../network/switch.js';
import type { HostShell } from '../process/host-shell.js';
import { bridgeFlows } from './port-flows.js';
import { Vsctl, type OvsInterface } from './vsctl.js';

const INSTANCE_KEY = 'durastack-instance';
const NETWORK_KEY = 'durastack-network';
const UPLINK_KEY = 'durastack-uplink';

/** Open vSwitch bridges of one instance on one host. */
export class OpenVSwitch implements Switch {
  readonly numbersPorts = true;
  readonly #shell: HostShell;
  readonly #instance: string;
  readonly #vsctl: Vsctl;

  /** @param runDir directory of Open vSwitch's sockets, where it is not the system's */
  constructor(shell: HostShell, instance: string, runDir?: string) {
    this.#shell = shell;
    this.#instance = instance;
    this.#vsctl = new Vsctl(shell, runDir);
  }

  deviceOf(network: NetworkSpec): string {
    // At most 15 characters: instance (8), a letter, six digits of the network's own.
    const digest = createHash('sha256').update(network.id).digest('hex');
    return `${this.#instance}g${digest.slice(0, 6)}`;
  }

  async ensure(network: NetworkSpec): Promise<void> {
    const device = this.deviceOf(network);
    await this.#requireOurs(network.bridge);
    const datapath = (await hasKernelDatapath()) ? [] : ['datapath_type=netdev'];
    const isNew = !(await this.#vsctl.hasBridge(network.bridge));
    const tag = network.vlan === undefined ? ['tag=[]'] : [`tag=${network.vlan}`];
    const interface_ = [`mac="${networkMac(network.id)}"`, `mtu_request=${network.mtu}`, 'type=internal'];
    const mark = [`external_ids:${NETWORK_KEY}=${network.id}`, `external_ids:${INSTANCE_KEY}=${this.#instance}`];
    await this.#vsctl.run([
      ...['--', '--may-exist', 'add-br', network.bridge],
      // Secure: without flows nothing passes, from the bridge's first moment.
      ...['--', 'set', 'bridge', network.bridge, 'fail_mode=secure', ...(isNew ? datapath : [])],
      ...['--', 'set', 'bridge', network.bridge, `external_ids:${INSTANCE_KEY}=${this.#instance}`],
      ...['--', '--may-exist', 'add-port', network.bridge, device],
      ...['--', 'set', 'port', device, ...tag],
      ...['--', 'set', 'interface', device, ...interface_, ...mark],
    ]);
    const link = await findLink(this.#shell, device);
    // No IPv6 address of the host on a network of guests.
    const quiet = link?.flags.includes('UP') ? [] : [`link set dev ${device} addrgenmode none`];
    await changeLinks(this.#shell, [...quiet, ...bringUpCommands(network, device, link)]);
    const number = (await this.#vsctl.interfaces()).find(({ name }) => name === device)?.number;
    if (number) await this.#vsctl.addFlow(network.bridge, `table=0,priority=10,in_port=${number},actions=NORMAL`);
  }

  async remove(network: NetworkSpec): Promise<void> {
    if (!(await this.#vsctl.hasBridge(network.bridge))) return;
    await this.#requireOurs(network.bridge);
    await this.#vsctl.run(['--', '--if-exists', 'del-port', network.bridge, this.deviceOf(network)]);
    if ((await this.#vsctl.portsOf(network.bridge)).length > 0) return;
    await this.#vsctl.run(['--', '--if-exists', 'del-br', network.bridge]);
  }

  async list(): Promise<readonly string[]> {
    const ours = (await this.#vsctl.interfaces()).filter(({ ids }) => ids.get(INSTANCE_KEY) === this.#instance);
    return ours.flatMap(({ ids }) => ids.get(NETWORK_KEY) ?? []);
  }

  async isolate(ports: readonly Port[]): Promise<void> {
    const interfaces = new Map((await this.#vsctl.interfaces()).map((found) => [found.name, found]));
    for (const bridge of await this.#vsctl.bridgesWith(INSTANCE_KEY, this.#instance)) {
      const there = (await this.#vsctl.portsOf(bridge)).flatMap((name) => interfaces.get(name) ?? []);
      const numberOf = new Map(there.map(({ name, number }) => [name, number]));
      const free = there.filter((found) => this.#isFree(found)).flatMap(({ number }) => number ?? []);
      const guests = ports.flatMap((port) => {
        const number = port.bridge === bridge ? numberOf.get(port.tap) : undefined;
        return number === undefined ? [] : [{ ...port, number }];
      });
      await this.#vsctl.replaceFlows(bridge, bridgeFlows(free, guests));
    }
  }

  /** Port numbers change with every start of a guest: the flows are always compared anew, which costs no traffic. */
  isIsolated(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async removeTap(port: Port): Promise<void> {
    await this.#vsctl.run(['--', '--if-exists', 'del-port', port.tap]);
    await deleteTap(this.#shell, port.tap);
  }

  async withoutOffloads(network: NetworkSpec): Promise<boolean> {
    return (await this.#vsctl.run(['get', 'bridge', network.bridge, 'datapath_type'])).trim() === 'netdev';
  }

  #isFree({ ids }: OvsInterface): boolean {
    return ids.get(INSTANCE_KEY) === this.#instance || ids.get(UPLINK_KEY) === 'true';
  }

  async #requireOurs(bridge: string): Promise<void> {
    if (!(await this.#vsctl.hasBridge(bridge))) return;
    if ((await this.#vsctl.bridgesWith(INSTANCE_KEY, this.#instance)).includes(bridge)) return;
    const text = `Open vSwitch bridge ${bridge} does not belong to the instance ${this.#instance}`;
    throw new DurastackError('CONFLICT', `${text}; remove it or rename the network's bridge`);
  }
}

async function hasKernelDatapath(): Promise<boolean> {
  return access('/sys/module/openvswitch').then(
    () => true,
    () => false,
  );
}
