/** Ethernet frames by hand, honest and forged, each carrying a mark by which a receiver knows it. */

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/[^0-9a-f]/gi, ''), 'hex');
const word = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const address = (ip: string): Buffer => Buffer.from(ip.split('.').map(Number));
const MIN_BYTES = 60;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Who sends and who is meant. */
export interface Ends {
  readonly fromMac: string;
  readonly toMac?: string;
  readonly fromIp: string;
  readonly toIp: string;
}

/** An ethernet frame; padded, then the mark. */
export function frame(mac: { from: string; to?: string }, etherType: number, payload: Buffer): Buffer {
  const head = Buffer.concat([bytes(mac.to ?? BROADCAST), bytes(mac.from), word(etherType), payload]);
  return Buffer.concat([head, Buffer.alloc(Math.max(0, MIN_BYTES - head.length))]);
}

/** What a receiver knows a frame by. In IP packets it is part of the payload: bridges cut what lies behind. */
export function markOf(name: string): Buffer {
  return Buffer.from(`<${name}>`);
}

/** An ARP packet. `senderMac`: inside the packet, where it differs from the frame's. */
export function arp(ends: Ends & { senderMac?: string }, operation: 'request' | 'reply', mark: Buffer): Buffer {
  const head = bytes('0001 0800 06 04');
  const target = operation === 'request' ? Buffer.alloc(6) : bytes(ends.toMac ?? BROADCAST);
  const body = [
    head,
    word(operation === 'request' ? 1 : 2),
    bytes(ends.senderMac ?? ends.fromMac),
    address(ends.fromIp),
    target,
  ];
  const packet = frame(macsOf(ends), 0x0806, Buffer.concat([...body, address(ends.toIp)]));
  return Buffer.concat([packet, mark]);
}

/** What QEMU sends for a guest that has moved: a RARP request about the guest's own MAC, unless `senderMac` differs. */
export function moved({ mac: from, senderMac = from }: { mac: string; senderMac?: string }, mark: Buffer): Buffer {
  const body = [bytes('0001 0800 06 04 0003'), bytes(senderMac), Buffer.alloc(4), bytes(senderMac), Buffer.alloc(4)];
  return Buffer.concat([frame({ from }, 0x8035, Buffer.concat(body)), mark]);
}

/** An IPv4 packet. */
export function ipv4Packet(ends: Ends, protocol: number, payload: Buffer): Buffer {
  const head = Buffer.concat([
    bytes('45 00'),
    word(20 + payload.length),
    bytes('0001 0000 40'),
    Buffer.from([protocol]),
    word(0),
    address(ends.fromIp),
    address(ends.toIp),
  ]);
  let sum = 0;
  for (let at = 0; at < head.length; at += 2) sum += head.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  head.writeUInt16BE(~sum & 0xffff, 10);
  return Buffer.concat([head, payload]);
}

/** A UDP datagram without checksum. */
export function udp(ends: Ends, ports: { from: number; to: number }, payload: Buffer): Buffer {
  const datagram = Buffer.concat([word(ports.from), word(ports.to), word(8 + payload.length), word(0), payload]);
  return frame(macsOf(ends), 0x0800, ipv4Packet(ends, 17, datagram));
}

/** A DHCP discover as a client sends it. */
export function dhcpDiscover(mac: string): Buffer {
  const options = bytes('63825363 350101 ff');
  const head = Buffer.concat([bytes('01 01 06 00 12345678 0000 8000'), Buffer.alloc(16), bytes(mac)]);
  const payload = Buffer.concat([head, Buffer.alloc(236 - head.length), options, Buffer.alloc(60)]);
  return udp({ fromMac: mac, fromIp: '0.0.0.0', toIp: '255.255.255.255' }, { from: 68, to: 67 }, payload);
}

/** An ICMPv6 packet of a type, e.g. 134: router advertisement. */
export function icmpv6(fromMac: string, type: number, mark: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([type, 0, 0, 0]), Buffer.alloc(12), mark]);
  const source = bytes('fe80 0000 0000 0000 0000 00ff fe00 0001');
  const allNodes = bytes('ff02 0000 0000 0000 0000 0000 0000 0001');
  const head = Buffer.concat([bytes('60000000'), word(body.length), Buffer.from([58, 255]), source, allNodes]);
  return frame({ from: fromMac, to: '33:33:00:00:00:01' }, 0x86dd, Buffer.concat([head, body]));
}

/** The same frame behind a VLAN tag. */
export function tagged(content: Buffer, etherType: 0x8100 | 0x88a8): Buffer {
  return Buffer.concat([content.subarray(0, 12), word(etherType), word(5), content.subarray(12)]);
}

function macsOf(ends: Ends): { from: string; to?: string } {
  return { from: ends.fromMac, ...(ends.toMac === undefined ? {} : { to: ends.toMac }) };
}
