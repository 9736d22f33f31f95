/** What the networks of a host need from the kind of switch they lie on. */
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import type { Port } from './port.js';

/** A kind of switch: Linux bridge or Open vSwitch. Every function is safe to repeat. */
export interface Switch {
  /** Whether a port's rules name a number that it gets only when it is plugged in; until then it is silent. */
  readonly numbersPorts: boolean;
  /** The device that carries the gateway address and on which DHCP is served. */
  deviceOf(network: NetworkSpec): string;
  /**
   * The network's bridge exists, is up and its device carries the gateway address when the host does.
   *
   * @throws DurastackError `CONFLICT` when a device of that name belongs to somebody else
   */
  ensure(network: NetworkSpec): Promise<void>;
  /** The network's devices are gone. */
  remove(network: NetworkSpec): Promise<void>;
  /** Ids of the instance's networks on this host, whatever the agent remembers. */
  list(): Promise<readonly string[]>;
  /**
   * Exactly these ports may speak, each with its MAC and address. What is not listed is no longer bound: on a Linux
   * bridge it is no guest of ours, on Open vSwitch it is silent. Atomic.
   *
   * @param networks every network of this kind of switch on this host
   */
  isolate(ports: readonly Port[], networks: readonly NetworkSpec[]): Promise<void>;
  /** Whether the rules of the last {@link isolate} are surely in force, for the devices that are there now. */
  isIsolated(): Promise<boolean>;
  /** Tells every switch of the network that these ports' MACs are here now. */
  announce(ports: readonly Port[]): Promise<void>;
  /** No device of the tap's name is left (after its QEMU ended). */
  removeTap(port: Port): Promise<void>;
  /** Whether guests on this network must not offload checksums. */
  withoutOffloads(network: NetworkSpec): Promise<boolean>;
}
