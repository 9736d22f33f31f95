/**
 * Anti-spoofing on Open vSwitch: a bridge forwards nothing but what these flows allow.
 *
 * The gateway devices and what an operator marked as uplink speak freely. A guest's port speaks ARP about its own
 * address, DHCP requests and IPv4 from its own address, untagged. A port that is not known yet is silent, so a guest
 * is bound from its first frame on.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { ipv4 } from '../network/ipv4.js';
import type { Port } from '../network/port.js';

/** A guest's port as the switch numbers it. */
export interface NumberedPort extends Port {
  /** OpenFlow port number. */
  readonly number: number;
}

/** The bridge's flows, in the form of `ovs-ofctl replace-flows`. */
export function bridgeFlows(freePorts: readonly number[], guests: readonly NumberedPort[]): string {
  const free = ['LOCAL', ...freePorts.map(String)].map((port) => `table=0,priority=10,in_port=${port},actions=NORMAL`);
  return [...free, ...guests.flatMap(guestFlows), 'table=0,priority=0,actions=drop', ''].join('\n');
}

function guestFlows(port: NumberedPort): string[] {
  // Without a VLAN header, of whichever kind.
  const from = `in_port=${port.number},vlan_tci=0x0000,dl_src=${mac(port.mac)}`;
  const ip = ipv4(port.ip);
  const arp = `table=0,priority=20,${from},arp,arp_sha=${mac(port.mac)}`;
  return [
    `table=0,priority=30,in_port=${port.number},udp,tp_src=67,actions=drop`,
    `${arp},arp_spa=${ip},actions=NORMAL`,
    // Probe for an address conflict (RFC 5227), for its own address only.
    `${arp},arp_op=1,arp_spa=0.0.0.0,arp_tpa=${ip},actions=NORMAL`,
    `table=0,priority=20,${from},ip,nw_src=${ip},actions=NORMAL`,
    `table=0,priority=20,${from},udp,nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67,actions=NORMAL`,
  ];
}

function mac(address: string): string {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address)) return address;
  throw new DurastackError('INVALID_INPUT', `"${address}" is not a MAC address`);
}
