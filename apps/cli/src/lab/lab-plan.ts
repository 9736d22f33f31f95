/** What a lab is made of: names and addresses, all derived from the instance's name and the number of hosts. */
import type { Subnet } from '../first-cloud/free-subnet.js';

/** Each plan's networks apart from management live in the lab's own namespaces alone (RFC 2544's range). */
const UNDERLAY_PREFIX = '198.18.0';
const STORAGE_PREFIX = '198.19.0';
const FIRST_HOST_ADDRESS = 10;
const FIRST_BMC_ADDRESS = 100;
const CEPH_ADDRESS = 250;
/** Room for VXLAN's headers around full-size frames of guests. */
export const UNDERLAY_MTU = 9_000;
/** More do not fit the address plan. */
export const MOST_HOSTS = 50;

/** An interface of a host and the device at its other end. */
export interface Cable {
  /** Its name in the host. */
  readonly device: string;
  readonly mac: string;
  readonly address: string;
  /** The other end's name. */
  readonly peer: string;
}

/** The cables of a host. */
export interface Cables {
  /** SSH, agent, control plane. */
  readonly management: Cable;
  /** Tunnels between hosts, MTU 9000. */
  readonly underlay: Cable;
  /** Storage that is reached over the network. */
  readonly storage: Cable;
}

/** A host as planned. */
export interface HostPlan {
  /** E.g. `host-1`. */
  readonly name: string;
  /** Its network namespace. */
  readonly namespace: string;
  readonly cables: Cables;
  /** Where its management controller listens, on the management bridge. */
  readonly bmcAddress: string;
}

/** Names of what joins the hosts. */
export interface FabricPlan {
  /** Bridge in the machine's own namespace, which carries the control plane's address. */
  readonly managementBridge: string;
  /** Namespace with the bridges of underlay and storage; nothing else runs there. */
  readonly namespace: string;
  readonly underlayBridge: 'underlay';
  readonly storageBridge: 'storage';
}

/** Names of the fabric. */
export function planFabric(instance: string): FabricPlan {
  return {
    managementBridge: `${instance}-lab`,
    namespace: `${instance}-fabric`,
    underlayBridge: 'underlay',
    storageBridge: 'storage',
  };
}

/** The namespace of Ceph's daemons and its cable to the storage network. */
export function planCeph(instance: string): { readonly namespace: string; readonly cable: Cable } {
  const address = `${STORAGE_PREFIX}.${CEPH_ADDRESS}`;
  return {
    namespace: `${instance}-ceph`,
    cable: { device: 'eth0', mac: `52:54:00:02:00:${hex(CEPH_ADDRESS)}`, address, peer: `${instance}ceph` },
  };
}

/** The n-th host, from 1. */
export function planHost(instance: string, subnet: Subnet, index: number): HostPlan {
  const management = subnet.gateway.replace(/\.\d+$/, '');
  const last = FIRST_HOST_ADDRESS + index;
  const cable = (kind: number, device: string, prefix: string): Cable => ({
    device,
    mac: `52:54:00:${hex(kind)}:00:${hex(index)}`,
    address: `${prefix}.${last}`,
    peer: `${instance}${'mus'[kind] ?? ''}${index}`,
  });
  return {
    name: `host-${index}`,
    namespace: `${instance}-host-${index}`,
    cables: {
      management: cable(0, 'eth0', management),
      underlay: cable(1, 'eth1', UNDERLAY_PREFIX),
      storage: cable(2, 'eth2', STORAGE_PREFIX),
    },
    bmcAddress: `${management}.${FIRST_BMC_ADDRESS + index}`,
  };
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
