/** Network offerings: a constant, for there is one kind of network. */

/** The id of {@link DEFAULT_SHARED_OFFERING}. */
export const DEFAULT_SHARED_OFFERING_ID = '0ff00000-0000-4000-8000-000000000001';

/** Shared networks with addresses by DHCP. */
export const DEFAULT_SHARED_OFFERING = {
  id: DEFAULT_SHARED_OFFERING_ID,
  name: 'DefaultSharedNetworkOffering',
  displayText: 'Shared network; addresses, names and user data are served by the hosts',
} as const;

/** Services of a shared network, in CloudStack's form. */
export const SHARED_NETWORK_SERVICES = ['Dhcp', 'Dns', 'UserData'].map((name) => ({
  name,
  provider: [{ name: 'HostAgent' }],
  capability: [],
}));
