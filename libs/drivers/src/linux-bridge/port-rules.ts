/**
 * Anti-spoofing on Linux bridges: each tap is bound to its MAC and IPv4 addresses.
 *
 * Judged where frames enter the bridge, so for other guests and for the host alike. From a tap pass: ARP about its own
 * addresses, DHCP requests, IPv4 from its own addresses. Everything else is dropped: foreign MAC, IP or ARP senders, DHCP
 * replies, all of IPv6 (the networks are IPv4, so router advertisements and neighbour spoofing have no use), tagged
 * frames, spanning tree and other protocols.
 */
import { ipv4 } from '../network/ipv4.js';
import { addressesOf, type Port } from '../network/port.js';
import { device, mac, namedSet } from '../nftables/table.js';

/** Body of the instance's `bridge` table. */
export function portRules(ports: readonly Port[]): string {
  return [
    namedSet(
      'taps',
      'ifname',
      ports.map((port) => device(port.tap)),
    ),
    namedSet(
      'macs',
      'ifname . ether_addr',
      ports.map((port) => `${device(port.tap)} . ${mac(port.mac)}`),
    ),
    namedSet(
      'addresses',
      'ifname . ipv4_addr',
      ports.flatMap((port) => addressesOf(port).map((ip) => `${device(port.tap)} . ${ipv4(ip)}`)),
    ),
    'chain prerouting { type filter hook prerouting priority -300; policy accept; iifname @taps jump from_guest; }',
    'chain from_guest {',
    'iifname . ether saddr != @macs drop',
    // A tag in front of the packet would hide what is behind it.
    'ether type { 8021q, 8021ad } drop',
    'ether type arp jump from_guest_arp',
    'ether type ip jump from_guest_ip',
    'drop',
    '}',
    'chain from_guest_arp {',
    'arp htype != 1 drop',
    'arp ptype != ip drop',
    'arp hlen != 6 drop',
    'arp plen != 4 drop',
    'arp operation != { request, reply } drop',
    'iifname . arp saddr ether != @macs drop',
    'iifname . arp saddr ip @addresses accept',
    // Probe for an address conflict (RFC 5227), for its own addresses only.
    'arp operation request arp saddr ip 0.0.0.0 iifname . arp daddr ip @addresses accept',
    'drop',
    '}',
    'chain from_guest_ip {',
    'ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept',
    'iifname . ip saddr != @addresses drop',
    'udp sport 67 drop',
    'accept',
    '}',
  ].join('\n');
}
