import type { NetworkSpec } from '@durastack/contracts/agent/specs';

/**
 * Whether the host answers the network's DNS questions (by asking its own servers): it does when it carries the
 * gateway address and that address is one of the network's servers.
 */
export function servesDns(network: NetworkSpec): boolean {
  return network.gatewayOnHost && network.dns.includes(network.gateway);
}
