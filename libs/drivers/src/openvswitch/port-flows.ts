/**
 * Anti-spoofing on Open vSwitch: a bridge forwards nothing but what these flows allow.
 *
 * The gateway devices and what an operator marked as uplink speak freely. A guest's port speaks ARP about its own
 * addresses, DHCP requests and IPv4 from its own addresses, untagged, and the announcement by which QEMU tells switches
 * where a guest has moved. A port that is not known yet is silent, so a guest is bound from its first frame on.
 *
 * Tunnels carry what guests of other hosts said, which those hosts have judged; DHCP and the gateway stay at home.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { ipv4 } from '../network/ipv4.js';
import { addressesOf, type Port } from '../network/port.js';

/** A guest's port as the switch numbers it. */
export interface NumberedPort extends Port {
  /** OpenFlow port number. */
  readonly number: number;
}

/** The ports of a VXLAN network's bridge besides its guests. */
export interface Fabric {
  /** OpenFlow port number of the device with gateway and DHCP server. */
  readonly device: number;
  readonly tunnels: readonly number[];
  readonly gateway: string;
  readonly gatewayMac: string;
}

/** The bridge's flows, in the form of `ovs-ofctl replace-flows`. */
export function bridgeFlows(freePorts: readonly number[], guests: readonly NumberedPort[]): string {
  const free = ['LOCAL', ...freePorts.map(String)].map(freeFlow);
  return [...free, ...guests.flatMap((port) => guestFlows(port, 'NORMAL')), NOTHING_ELSE, ''].join('\n');
}

/** The flows of a VXLAN network's bridge. */
export function fabricFlows(fabric: Fabric, guests: readonly NumberedPort[]): string {
  const own = guests.flatMap((port) => guestFlows(port, `output:${fabric.device}`));
  return [...fabricOnlyFlows(fabric), ...own, NOTHING_ELSE, ''].join('\n');
}

/** Those of {@link fabricFlows} that do not depend on guests. */
export function fabricOnlyFlows(fabric: Fabric): string[] {
  return [freeFlow(String(fabric.device)), ...fabric.tunnels.flatMap((number) => tunnelFlows(number, fabric))];
}

const NOTHING_ELSE = 'table=0,priority=0,actions=drop';

function freeFlow(port: string): string {
  return `table=0,priority=10,in_port=${port},actions=NORMAL`;
}

function tunnelFlows(number: number, fabric: Fabric): string[] {
  const from = `in_port=${number}`;
  const gateway = ipv4(fabric.gateway);
  const refused = [
    `dl_src=${mac(fabric.gatewayMac)}`,
    `arp,arp_spa=${gateway}`,
    `ip,nw_src=${gateway}`,
    'udp,tp_src=67',
    'udp,tp_dst=67',
  ];
  const untagged = `${from},vlan_tci=0x0000`;
  return [
    ...refused.map((match) => `table=0,priority=30,${from},${match},actions=drop`),
    ...['arp', 'rarp', 'ip'].map((kind) => `table=0,priority=20,${untagged},${kind},actions=NORMAL`),
  ];
}

/** @param toDhcp what becomes of what the guest asks a DHCP server */
function guestFlows(port: NumberedPort, toDhcp: string): string[] {
  // Without a VLAN header, of whichever kind.
  const from = `in_port=${port.number},vlan_tci=0x0000,dl_src=${mac(port.mac)}`;
  const arp = `table=0,priority=20,${from},arp,arp_sha=${mac(port.mac)}`;
  const addresses = addressesOf(port).map(ipv4);
  const dhcp = `table=0,priority=25,${from},udp,tp_src=68,tp_dst=67,nw_dst=255.255.255.255`;
  return [
    `table=0,priority=30,in_port=${port.number},udp,tp_src=67,actions=drop`,
    ...addresses.flatMap((ip) => [
      `${arp},arp_spa=${ip},actions=NORMAL`,
      // Probe for an address conflict (RFC 5227), for its own addresses only.
      `${arp},arp_op=1,arp_spa=0.0.0.0,arp_tpa=${ip},actions=NORMAL`,
      `table=0,priority=20,${from},ip,nw_src=${ip},actions=NORMAL`,
    ]),
    // What QEMU says when the guest has moved here: it names nobody but the guest's own MAC.
    `table=0,priority=20,${from},rarp,arp_sha=${mac(port.mac)},arp_tha=${mac(port.mac)},arp_spa=0.0.0.0,arp_tpa=0.0.0.0,actions=NORMAL`,
    ...['0.0.0.0', ...addresses].map((source) => `${dhcp},nw_src=${source},actions=${toDhcp}`),
  ];
}

function mac(address: string): string {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address)) return address;
  throw new DurastackError('INVALID_INPUT', `"${address}" is not a MAC address`);
}
