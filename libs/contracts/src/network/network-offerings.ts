/** Network offerings: constants, for there are two kinds of networks. */

/** The id of {@link DEFAULT_SHARED_OFFERING}. */
export const DEFAULT_SHARED_OFFERING_ID = '0ff00000-0000-4000-8000-000000000001';

/** Shared networks with addresses by DHCP. */
export const DEFAULT_SHARED_OFFERING = {
  id: DEFAULT_SHARED_OFFERING_ID,
  name: 'DefaultSharedNetworkOffering',
  displayText: 'Shared network; addresses, names and user data are served by the hosts',
} as const;

/** The id of {@link SHARED_VXLAN_OFFERING}. */
export const SHARED_VXLAN_OFFERING_ID = '0ff00000-0000-4000-8000-000000000002';

/** Shared networks that span hosts. */
export const SHARED_VXLAN_OFFERING = {
  id: SHARED_VXLAN_OFFERING_ID,
  name: 'DefaultSharedVxlanNetworkOffering',
  displayText: 'Shared network that spans hosts by VXLAN tunnels between their Open vSwitches',
} as const;

/** Services of a shared network, in CloudStack's form. */
export const SHARED_NETWORK_SERVICES = ['Dhcp', 'Dns', 'UserData'].map((name) => ({
  name,
  provider: [{ name: 'HostAgent' }],
  capability: [],
}));
