/** What the networks of a host need from the kind of switch they lie on. */
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import type { Port } from './port.js';

/** A kind of switch: Linux bridge or Open vSwitch. Every function is safe to repeat. */
export interface Switch {
  /**
   * The network's bridge exists, is up and carries the gateway address when the host does.
   *
   * @returns the device that carries the gateway address and on which DHCP is served
   * @throws DurastackError `CONFLICT` when a device of that name belongs to somebody else
   */
  ensure(network: NetworkSpec): Promise<string>;
  /** The network's devices are gone. */
  remove(network: NetworkSpec): Promise<void>;
  /** Ids of the instance's networks on this host, whatever the agent remembers. */
  list(): Promise<readonly string[]>;
  /** Exactly these ports are bound to their MAC and address; what is not listed is no longer bound. Atomic. */
  isolate(ports: readonly Port[]): Promise<void>;
  /** Whether the rules of the last {@link isolate} are still in force. */
  isIsolated(): Promise<boolean>;
  /** No device of the tap's name is left (after its QEMU ended). */
  removeTap(port: Port): Promise<void>;
  /** Whether guests on this network must not offload checksums. */
  withoutOffloads(network: NetworkSpec): Promise<boolean>;
}
