/**
 * Networks on Open vSwitch bridges, ports isolated by flows.
 *
 * A bridge belongs to one instance (marked in its external ids). With VLANs it may hold several of its networks, each
 * with a tag and an internal device for gateway and DHCP; an operator joins hosts by adding an uplink port with
 * `external_ids:durastack-uplink=true`, every other unknown port is silent. A VXLAN network has its bridge alone, and
 * hosts are joined by its tunnels: so no tag or flow has to tell its frames from those of other networks.
 */
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { bringUpCommands, changeLinks, deleteTap, findLink, networkMac } from '../iproute2/link.js';
import type { Port } from '../network/port.js';
import type { Switch } from '../network/switch.js';
import type { HostShell } from '../process/host-shell.js';
import type { OvsBridge, OvsInterface } from './ovs-view.js';
import { bridgeFlows, fabricFlows, fabricOnlyFlows, type Fabric, type NumberedPort } from './port-flows.js';
import * as tunnels from './tunnel-ports.js';
import { Vsctl } from './vsctl.js';

const INSTANCE_KEY = 'durastack-instance';
const NETWORK_KEY = 'durastack-network';
const UPLINK_KEY = 'durastack-uplink';
/** External id of a bridge that one VXLAN network has alone. */
const VXLAN_KEY = 'durastack-vxlan-network';

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
    const bridge = await this.#findOurs(network);
    const fabric = tunnels.isVxlan(network) ? network : undefined;
    if (fabric) await this.#prepareTunnels(fabric, bridge);
    const datapath = !bridge && !(await hasKernelDatapath()) ? ['datapath_type=netdev'] : [];
    await this.#vsctl.run([
      ...['--', '--may-exist', 'add-br', network.bridge],
      // Secure: without flows nothing passes, from the bridge's first moment.
      ...['--', 'set', 'bridge', network.bridge, 'fail_mode=secure', ...datapath],
      ...['--', 'set', 'bridge', network.bridge, `external_ids:${INSTANCE_KEY}=${this.#instance}`],
      ...this.#deviceChanges(network, device),
      ...(fabric ? tunnels.tunnelChanges(this.#instance, fabric, bridge?.interfaces ?? []) : []),
    ]);
    const link = await findLink(this.#shell, device);
    // No IPv6 address of the host on a network of guests.
    const quiet = link?.flags.includes('UP') ? [] : [`link set dev ${device} addrgenmode none`];
    await changeLinks(this.#shell, [...quiet, ...bringUpCommands(network, device, link)]);
    const { interfaces = [] } = (await this.#find(network.bridge)) ?? {};
    if (fabric) tunnels.requireTunnels(this.#instance, fabric, interfaces);
    const own = fabric && this.#fabricOf(fabric, interfaces);
    const number = interfaces.find(({ name }) => name === device)?.number;
    if (own) await this.#vsctl.addFlows(network.bridge, fabricOnlyFlows(own));
    else if (number)
      await this.#vsctl.addFlows(network.bridge, [`table=0,priority=10,in_port=${number},actions=NORMAL`]);
  }

  async remove(network: NetworkSpec): Promise<void> {
    if (!(await this.#findOurs(network))) return;
    await this.#vsctl.run(['--', '--if-exists', 'del-port', network.bridge, this.deviceOf(network)]);
    const left = (await this.#find(network.bridge))?.interfaces ?? [];
    if (left.some((found) => !tunnels.isTunnel(found))) return;
    await this.#vsctl.run(['--', '--if-exists', 'del-br', network.bridge]);
  }

  async list(): Promise<readonly string[]> {
    const interfaces = (await this.#vsctl.bridges()).flatMap((bridge) => bridge.interfaces);
    const ours = interfaces.filter(({ ids }) => ids.get(INSTANCE_KEY) === this.#instance);
    return ours.flatMap(({ ids }) => ids.get(NETWORK_KEY) ?? []);
  }

  async isolate(ports: readonly Port[], networks: readonly NetworkSpec[]): Promise<void> {
    for (const { name: bridge, ids, interfaces } of await this.#vsctl.bridges()) {
      if (ids.get(INSTANCE_KEY) !== this.#instance) continue;
      const numberOf = new Map(interfaces.map(({ name, number }) => [name, number]));
      const guests = ports.flatMap((port) => {
        const number = port.bridge === bridge ? numberOf.get(port.tap) : undefined;
        return number === undefined ? [] : [{ ...port, number }];
      });
      const network = networks.find((one) => one.bridge === bridge && tunnels.isVxlan(one));
      await this.#vsctl.replaceFlows(bridge, this.#flows(network, interfaces, guests));
    }
  }

  /** Port numbers change with every start of a guest: the flows are always compared anew, which costs no traffic. */
  isIsolated(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async announce(ports: readonly Port[]): Promise<void> {
    const interfaces = (await this.#vsctl.bridges()).flatMap((bridge) => bridge.interfaces);
    const numberOf = new Map(interfaces.map(({ name, number }) => [name, number]));
    for (const port of ports) {
      const number = numberOf.get(port.tap);
      if (number !== undefined) await this.#vsctl.sendAs(port.bridge, number, announcement(port.mac));
    }
  }

  async removeTap(port: Port): Promise<void> {
    await this.#vsctl.run(['--', '--if-exists', 'del-port', port.tap]);
    await deleteTap(this.#shell, port.tap);
  }

  async withoutOffloads(network: NetworkSpec): Promise<boolean> {
    return (await this.#find(network.bridge))?.datapathType === 'netdev';
  }

  #flows(network: NetworkSpec | undefined, there: readonly OvsInterface[], guests: readonly NumberedPort[]): string {
    if (network && tunnels.isVxlan(network)) {
      const fabric = this.#fabricOf(network, there);
      // Without its device the bridge is being made: nothing passes until that is done.
      return fabric ? fabricFlows(fabric, guests) : 'table=0,priority=0,actions=drop\n';
    }
    const free = there.filter((found) => this.#isFree(found)).flatMap(({ number }) => number ?? []);
    return bridgeFlows(free, guests);
  }

  /** The port of gateway and DHCP server. */
  #deviceChanges(network: NetworkSpec, device: string): string[] {
    const tag = network.vlan === undefined ? 'tag=[]' : `tag=${network.vlan}`;
    const interface_ = [`mac="${networkMac(network.id)}"`, `mtu_request=${network.mtu}`, 'type=internal'];
    const mark = [`external_ids:${NETWORK_KEY}=${network.id}`, `external_ids:${INSTANCE_KEY}=${this.#instance}`];
    const alone = ['--', 'set', 'bridge', network.bridge, `external_ids:${VXLAN_KEY}=${network.id}`];
    return [
      ...['--', '--may-exist', 'add-port', network.bridge, device],
      ...['--', 'set', 'port', device, tag, ...(network.vxlan ? ['protected=true'] : [])],
      ...['--', 'set', 'interface', device, ...interface_, ...mark],
      ...(network.vxlan ? alone : []),
    ];
  }

  /** Nothing stands in the way of the tunnels, and what comes from hosts that left is no longer let in. */
  async #prepareTunnels(network: tunnels.VxlanNetwork, bridge: OvsBridge | undefined): Promise<void> {
    await tunnels.requireTunnelAddress(this.#shell, network);
    if (!bridge) return;
    // Port numbers are given out again: a guest must not inherit what a tunnel may.
    const stale = tunnels.staleTunnels(this.#instance, network, bridge.interfaces);
    const numbers = stale.flatMap(({ number }) => number ?? []);
    await this.#vsctl.deleteFlowsFrom(bridge.name, numbers);
  }

  #fabricOf(network: tunnels.VxlanNetwork, present: readonly OvsInterface[]): Fabric | undefined {
    const numberOf = (name: string): number | undefined => present.find((found) => found.name === name)?.number;
    const device = numberOf(this.deviceOf(network));
    if (device === undefined) return undefined;
    const names = network.vxlan.peers.map((peer) => tunnels.tunnelName(this.#instance, network, peer));
    return {
      device,
      tunnels: names.flatMap((name) => numberOf(name) ?? []),
      gateway: network.gateway,
      gatewayMac: networkMac(network.id),
    };
  }

  #isFree({ ids }: OvsInterface): boolean {
    return ids.get(INSTANCE_KEY) === this.#instance || ids.get(UPLINK_KEY) === 'true';
  }

  async #find(name: string): Promise<OvsBridge | undefined> {
    return (await this.#vsctl.bridges()).find((bridge) => bridge.name === name);
  }

  /** The network's bridge, if it is there. CONFLICT when others have it. */
  async #findOurs({ id, bridge: name, vxlan }: NetworkSpec): Promise<OvsBridge | undefined> {
    const bridge = await this.#find(name);
    if (!bridge) return undefined;
    if (bridge.ids.get(INSTANCE_KEY) !== this.#instance) {
      const text = `Open vSwitch bridge ${name} does not belong to the instance ${this.#instance}`;
      throw new DurastackError('CONFLICT', `${text}; remove it or rename the network's bridge`);
    }
    const alone = bridge.ids.get(VXLAN_KEY);
    if (alone !== (vxlan && id)) {
      const user = alone ? `network ${alone}` : 'networks without VXLAN';
      const text = `Open vSwitch bridge ${name} is in use by ${user}; a VXLAN network has a bridge to itself`;
      throw new DurastackError('CONFLICT', `${text}. Remove it when nothing uses it any more`);
    }
    return bridge;
  }
}

/** A reverse ARP request about the port's own MAC, as QEMU sends it after a migration; hexadecimal. */
function announcement(mac: string): string {
  const own = mac.replaceAll(':', '');
  const noAddress = '00000000';
  return ['ffffffffffff', own, '8035', '0001080006040003', own, noAddress, own, noAddress].join('').padEnd(120, '0');
}

async function hasKernelDatapath(): Promise<boolean> {
  return access('/sys/module/openvswitch').then(
    () => true,
    () => false,
  );
}
