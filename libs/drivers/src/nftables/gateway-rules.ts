/**
 * The host as a shared network's gateway: guests get out under the host's address, nobody gets in.
 *
 * Guests reach of the host only DHCP, ping and, where it serves their network, DNS; networks do not reach each other; a source address outside the network's
 * range goes nowhere.
 */
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { servesDns } from '../network/dns.js';
import { ipv4Cidr } from '../network/ipv4.js';
import { device, namedSet } from './table.js';

/** A network whose gateway address the host carries on `device`. */
export interface GatewayNetwork {
  readonly network: NetworkSpec;
  readonly device: string;
}

/** Body of the instance's `inet` table; undefined when no network needs one. */
export function gatewayRules(gateways: readonly GatewayNetwork[]): string | undefined {
  if (gateways.length === 0) return undefined;
  const devices = gateways.map((gateway) => device(gateway.device));
  const resolved = gateways.filter(({ network }) => servesDns(network)).map((gateway) => device(gateway.device));
  const spoofed = gateways.map(({ network, device: name }) => {
    const { network: first, prefix } = ipv4Cidr(network.cidr);
    return `iifname ${device(name)} ip saddr != ${first}/${prefix} drop`;
  });
  const masquerade = gateways.map(({ network, device: name }) => {
    const { network: first, prefix } = ipv4Cidr(network.cidr);
    return `ip saddr ${first}/${prefix} oifname != ${device(name)} masquerade`;
  });
  return [
    namedSet('guests', 'ifname', devices),
    namedSet('resolved', 'ifname', resolved),
    // Bridged frames pass here too where br_netfilter is on: within one network they are not ours to judge.
    namedSet(
      'within',
      'ifname . ifname',
      devices.map((name) => `${name} . ${name}`),
    ),
    'chain input { type filter hook input priority filter; policy accept; iifname @guests jump to_host; }',
    'chain to_host {',
    'ct state established,related accept',
    'udp sport 68 udp dport 67 accept',
    'iifname @resolved meta l4proto { tcp, udp } th dport 53 accept',
    'icmp type echo-request accept',
    'drop',
    '}',
    'chain forward { type filter hook forward priority filter; policy accept;',
    'iifname . oifname @within accept',
    'iifname @guests jump from_guest',
    'oifname @guests ct state established,related accept',
    'oifname @guests drop',
    '}',
    `chain from_guest {\noifname @guests drop\n${spoofed.join('\n')}\naccept\n}`,
    `chain postrouting { type nat hook postrouting priority srcnat; policy accept;\n${masquerade.join('\n')}\n}`,
  ].join('\n');
}
