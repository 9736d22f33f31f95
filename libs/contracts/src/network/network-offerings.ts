/** Network offerings: the kinds of networks, and those that every control plane begins with. */

/** What a network of an offering is like. */
export const GUEST_IP_TYPES = ['Shared', 'Isolated', 'L2'] as const;
/** See {@link GUEST_IP_TYPES}. */
export type GuestIpType = (typeof GUEST_IP_TYPES)[number];

/** Who serves something on a network. */
export interface NetworkService {
  readonly name: string;
  readonly provider: string;
}

/** Services that hosts themselves give to the machines on them. */
export const HOST_PROVIDER = 'HostAgent';
/** See {@link HOST_PROVIDER}. */
export const HOST_SERVICES = ['Dhcp', 'Dns', 'UserData'] as const;
/** Who serves what lies between networks. */
export const ROUTER_PROVIDER = 'VirtualRouter';
/** Services that need a router; see {@link ROUTER_PROVIDER}. */
export const ROUTER_SERVICES = [
  ...['SourceNat', 'StaticNat', 'PortForwarding', 'Lb', 'Firewall', 'Vpn', 'NetworkACL'],
] as const;
/** What an offering may name, of no meaning here. */
const OTHER_SERVICES = ['SecurityGroup', 'Gateway', 'BaremetalPxeService', 'Connectivity'] as const;

/** CloudStack's spelling of a service, compared without case; undefined for a name that is none. */
export function serviceNameOf(name: string): string | undefined {
  const all = [...HOST_SERVICES, ...ROUTER_SERVICES, ...OTHER_SERVICES];
  return all.find((known) => known.toLowerCase() === name.toLowerCase());
}

/** The provider that serves something here. */
export function providerOf(service: string): string {
  return (HOST_SERVICES as readonly string[]).includes(service) ? HOST_PROVIDER : ROUTER_PROVIDER;
}

/** An offering of the product's own. Its id is for ever. */
export interface SeededNetworkOffering {
  readonly id: string;
  readonly name: string;
  readonly displayText: string;
  readonly guestIpType: GuestIpType;
  /** Whether a VLAN is given at creation. A shared network of an offering without it spans hosts by VXLAN. */
  readonly specifyVlan: boolean;
  readonly specifyIpRanges: boolean;
  readonly forVpc?: boolean;
  readonly isPersistent?: boolean;
  /** Required: CloudStack's word for the one that is taken when none is named. */
  readonly availability?: 'Required' | 'Optional';
  readonly services: readonly string[];
}

const seeded = (number: number) => `0ff00000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** The id of {@link DEFAULT_SHARED_OFFERING}. */
export const DEFAULT_SHARED_OFFERING_ID = seeded(1);

const SHARED = { guestIpType: 'Shared', specifyIpRanges: true, services: HOST_SERVICES } as const;
const ISOLATED = { guestIpType: 'Isolated', specifyVlan: false, specifyIpRanges: false } as const;
const ROUTED = ['SourceNat', 'StaticNat', 'PortForwarding', 'Lb', 'Vpn'] as const;

/** Shared networks with addresses by DHCP. */
export const DEFAULT_SHARED_OFFERING = {
  id: DEFAULT_SHARED_OFFERING_ID,
  name: 'DefaultSharedNetworkOffering',
  displayText: 'Shared network; addresses, names and user data are served by the hosts',
  specifyVlan: true,
  ...SHARED,
} as const satisfies SeededNetworkOffering;

/** The id of {@link SHARED_VXLAN_OFFERING}. */
export const SHARED_VXLAN_OFFERING_ID = seeded(2);

/** Shared networks that span hosts. */
export const SHARED_VXLAN_OFFERING = {
  id: SHARED_VXLAN_OFFERING_ID,
  name: 'DefaultSharedVxlanNetworkOffering',
  displayText: 'Shared network that spans hosts by VXLAN tunnels between their Open vSwitches',
  // Its VNI may be given, and is chosen otherwise.
  specifyVlan: false,
  ...SHARED,
} as const satisfies SeededNetworkOffering;

/** All of them, under the names that CloudStack's clients know. */
export const SEEDED_NETWORK_OFFERINGS: readonly SeededNetworkOffering[] = [
  DEFAULT_SHARED_OFFERING,
  SHARED_VXLAN_OFFERING,
  {
    id: seeded(3),
    name: 'DefaultIsolatedNetworkOfferingWithSourceNatService',
    displayText: 'Isolated network with source NAT, static NAT, port forwarding, load balancing, firewall and VPN',
    availability: 'Required',
    ...ISOLATED,
    services: [...HOST_SERVICES, ...ROUTED, 'Firewall'],
  },
  {
    id: seeded(4),
    name: 'DefaultIsolatedNetworkOffering',
    displayText: 'Isolated network without a way out',
    ...ISOLATED,
    specifyVlan: true,
    services: HOST_SERVICES,
  },
  {
    id: seeded(5),
    name: 'DefaultIsolatedNetworkOfferingForVpcNetworks',
    displayText: 'Tier of a VPC with source NAT, static NAT, port forwarding, load balancing and network ACLs',
    forVpc: true,
    ...ISOLATED,
    services: [...HOST_SERVICES, ...ROUTED, 'NetworkACL'],
  },
  {
    id: seeded(6),
    name: 'DefaultIsolatedNetworkOfferingForVpcNetworksNoLB',
    displayText: 'Tier of a VPC without load balancing',
    forVpc: true,
    ...ISOLATED,
    services: [...HOST_SERVICES, ...ROUTED.filter((name) => name !== 'Lb'), 'NetworkACL'],
  },
  {
    id: seeded(7),
    name: 'DefaultL2NetworkOffering',
    displayText: 'Network without addresses: machines look after their own',
    ...{ guestIpType: 'L2', specifyVlan: false, specifyIpRanges: false, services: [] },
  },
  {
    id: seeded(8),
    name: 'DefaultL2NetworkOfferingVlan',
    displayText: 'Network without addresses on a VLAN that is given',
    ...{ guestIpType: 'L2', specifyVlan: true, specifyIpRanges: false, services: [] },
  },
];
