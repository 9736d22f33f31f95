/**
 * The networks of one instance on one host: switch, DHCP, gateway and port rules together.
 *
 * Everything is derived from the remembered networks and ports, so a restart of the agent, a flushed firewall or a
 * killed dnsmasq is mended by {@link HostNetworks.reconcile}. One change at a time.
 */
import { newestFabric } from '@durastack/contracts/agent/newest-fabric';
import type { NetworkSpec, NicSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { DhcpServers } from '../dnsmasq/dhcp-server.js';
import { LinuxBridge } from '../linux-bridge/linux-bridge.js';
import { gatewayRules, type GatewayNetwork } from '../nftables/gateway-rules.js';
import { hasTable, replaceTable } from '../nftables/table.js';
import { OpenVSwitch } from '../openvswitch/open-vswitch.js';
import type { HostShell } from '../process/host-shell.js';
import { NetworkFiles } from './network-files.js';
import { portOf, type Port } from './port.js';
import type { Switch } from './switch.js';

/** How {@link HostNetworks} is made. */
export interface HostNetworksOptions {
  readonly instance: string;
  /** Directory of what is remembered. */
  readonly stateDir: string;
  /** Directory of the DHCP servers' files. */
  readonly dnsmasqDir: string;
  readonly shell: HostShell;
  /** Directory of Open vSwitch's sockets, where it is not the system's. */
  readonly ovsRunDir?: string;
  /** Told of what went wrong beside what was asked for. */
  readonly onError?: (error: unknown) => void;
}

/** Open vSwitch takes what it counted of a flow for news every half second, later under load. */
const ANNOUNCE_AGAIN_MS = [300, 700, 1_200, 1_800];

/** See the module's comment. */
export class HostNetworks {
  readonly #instance: string;
  readonly #shell: HostShell;
  readonly #onError: (error: unknown) => void;
  readonly #files: NetworkFiles;
  readonly #dhcp: DhcpServers;
  readonly #switches: Readonly<Record<NetworkSpec['driver'], Switch>>;
  readonly #networks = new Map<string, GatewayNetwork>();
  readonly #ports = new Map<string, readonly Port[]>();
  /** What is in force; undefined when that is not known, or when no table is needed. */
  #gatewayBody: string | undefined;
  #loading: Promise<void> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: HostNetworksOptions) {
    const { instance, shell } = options;
    this.#instance = instance;
    this.#shell = shell;
    this.#onError = options.onError ?? (() => {});
    this.#files = new NetworkFiles(options.stateDir);
    this.#dhcp = new DhcpServers(shell, options.dnsmasqDir);
    const { ovsRunDir } = options;
    this.#switches = {
      bridge: new LinuxBridge(shell, instance),
      ovs: new OpenVSwitch(shell, instance, ovsRunDir),
    };
  }

  /** The network's bridge, DHCP server and gateway rules exist. */
  ensure(network: NetworkSpec): Promise<void> {
    return this.#exclusively(() => this.#ensure(network));
  }

  /**
   * Nothing of the network is left on this host.
   *
   * @throws DurastackError `CONFLICT` while machines have ports on it
   */
  ensureGone(networkId: string): Promise<void> {
    return this.#exclusively(async () => {
      const users = this.#portsOf((port) => port.networkId === networkId);
      if (users.length > 0) {
        const text = `Network ${networkId} has ${users.length} ports on this host; destroy their machines first`;
        throw new DurastackError('CONFLICT', text);
      }
      const known = this.#networks.get(networkId);
      if (!known) return;
      await this.#dhcp.remove(networkId);
      await this.#switches[known.network.driver].remove(known.network);
      this.#networks.delete(networkId);
      await this.#applyGatewayRules();
      await this.#files.removeNetwork(networkId);
    });
  }

  /** Ids of the networks on this host. */
  list(): Promise<readonly string[]> {
    return this.#exclusively(async () => {
      const known = [...this.#networks.values()].map(({ network }) => network.driver);
      const found = await Promise.all(
        [...new Set(['bridge' as const, ...known])].map((kind) => this.#switches[kind].list()),
      );
      return [...new Set([...this.#networks.keys(), ...found.flat()])];
    });
  }

  /** The machine's interfaces are bound to their MAC and address and known to DHCP. Comes before its start. */
  bind(vmId: string, nics: readonly NicSpec[]): Promise<void> {
    return this.#exclusively(async () => {
      const former = this.#ports.get(vmId) ?? [];
      const ports = nics.map((nic) => portOf(vmId, nic));
      if (JSON.stringify(former) === JSON.stringify(ports) && (await this.#areIsolated(ports))) return;
      const kept = new Set(ports.map(({ tap }) => tap));
      for (const port of former) if (!kept.has(port.tap)) await this.#switches[port.driver].removeTap(port);
      await this.#files.savePorts(vmId, ports);
      this.#ports.set(vmId, ports);
      await this.#applyPorts([...former, ...ports]);
    });
  }

  /** The machine's taps are there now, under the switch's own numbers for them. Comes after its start. */
  plugged(vmId: string): Promise<void> {
    return this.#exclusively(async () => {
      const numbered = (this.#ports.get(vmId) ?? []).filter(({ driver }) => this.#switches[driver].numbersPorts);
      await this.#isolate(numbered);
    });
  }

  /**
   * Every switch learns that the machine is here now: comes when it has moved here, or was started here, and runs. QEMU says so too, but a
   * switch that still counts frames from the old place may take those for the newer ones: so this is said again by
   * itself, as {@link ANNOUNCE_AGAIN_MS} tells. What goes wrong is only told, since the machine's own frames tell too.
   */
  async announce(vmId: string): Promise<void> {
    for (const afterMs of ANNOUNCE_AGAIN_MS) setTimeout(() => void this.#announce(vmId), afterMs).unref();
    await this.#announce(vmId);
  }

  /** Nothing on this host is bound to the machine any more. Comes after its end. */
  unbind(vmId: string): Promise<void> {
    return this.#exclusively(async () => {
      const former = this.#ports.get(vmId) ?? [];
      for (const port of former) await this.#switches[port.driver].removeTap(port);
      this.#ports.delete(vmId);
      await this.#applyPorts(former);
      await this.#files.removePorts(vmId);
    });
  }

  /** Taps of these interfaces behind which nobody completes checksums. */
  async tapsWithoutOffloads(nics: readonly NicSpec[]): Promise<ReadonlySet<string>> {
    const taps = new Set<string>();
    for (const nic of nics) {
      if (await this.#switches[nic.network.driver].withoutOffloads(nic.network)) taps.add(nic.tap);
    }
    return taps;
  }

  /** Makes everything remembered true again: after a start of the agent, and now and then. */
  reconcile(): Promise<void> {
    return this.#exclusively(async () => {
      if (!(await this.#hasGatewayTable())) this.#gatewayBody = undefined;
      for (const { network } of [...this.#networks.values()]) await this.#ensure(network);
      const ports = this.#portsOf(() => true);
      if (ports.length > 0 && !(await this.#areIsolated(ports))) await this.#isolate(ports);
    });
  }

  async #announce(vmId: string): Promise<void> {
    try {
      await this.#exclusively(async () => {
        for (const [driver, ports] of byDriver(this.#ports.get(vmId) ?? []))
          await this.#switches[driver].announce(ports);
      });
    } catch (error) {
      this.#onError(error);
    }
  }

  async #ensure(asked: NetworkSpec): Promise<void> {
    const known = this.#networks.get(asked.id);
    const network = newestFabric(asked, known?.network);
    const kind = this.#switches[network.driver];
    await kind.ensure(network);
    const device = kind.deviceOf(network);
    if (JSON.stringify(known?.network) !== JSON.stringify(network)) await this.#files.saveNetwork(network);
    this.#networks.set(network.id, { network, device });
    await this.#applyGatewayRules();
    await this.#serveDhcp(network.id);
  }

  async #applyPorts(touched: readonly Port[]): Promise<void> {
    await this.#isolate(touched);
    for (const id of new Set(touched.map((port) => port.networkId))) await this.#serveDhcp(id);
  }

  async #isolate(touched: readonly Port[]): Promise<void> {
    for (const driver of new Set(touched.map((port) => port.driver))) {
      const networks = [...this.#networks.values()].flatMap(({ network }) =>
        network.driver === driver ? network : [],
      );
      const ports = this.#portsOf((port) => port.driver === driver);
      await this.#switches[driver].isolate(ports, networks);
    }
  }

  async #areIsolated(ports: readonly Port[]): Promise<boolean> {
    for (const driver of new Set(ports.map((port) => port.driver))) {
      if (!(await this.#switches[driver].isIsolated())) return false;
    }
    return true;
  }

  async #serveDhcp(networkId: string): Promise<void> {
    const known = this.#networks.get(networkId);
    if (known) await this.#dhcp.ensure({ ...known, ports: this.#portsOf((port) => port.networkId === networkId) });
  }

  async #applyGatewayRules(): Promise<void> {
    const gateways = [...this.#networks.values()].filter(({ network }) => network.gatewayOnHost);
    const body = gatewayRules(gateways);
    if (body === this.#gatewayBody) return;
    await replaceTable(this.#shell, { family: 'inet', instance: this.#instance, body });
    // The rules come first: a host that forwards without them would let guests into its other networks.
    if (gateways.length > 0) await this.#shell.writeSysctl('net/ipv4/ip_forward', '1');
    this.#gatewayBody = body;
  }

  #hasGatewayTable(): Promise<boolean> {
    return hasTable(this.#shell, 'inet', this.#instance);
  }

  #portsOf(matches: (port: Port) => boolean): Port[] {
    return [...this.#ports.values()].flat().filter(matches);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      await (this.#loading ??= this.#load());
      return work();
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #load(): Promise<void> {
    try {
      for (const port of await this.#files.ports()) {
        this.#ports.set(port.vmId, [...(this.#ports.get(port.vmId) ?? []), port]);
      }
      for (const network of await this.#files.networks()) {
        const device = this.#switches[network.driver].deviceOf(network);
        this.#networks.set(network.id, { network, device });
      }
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}

function byDriver(ports: readonly Port[]): [Port['driver'], Port[]][] {
  const drivers = [...new Set(ports.map(({ driver }) => driver))];
  return drivers.map((driver) => [driver, ports.filter((port) => port.driver === driver)]);
}
