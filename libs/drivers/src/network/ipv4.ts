/** IPv4 addresses and ranges, parsed strictly: what reaches a firewall or DHCP server is what was meant. */
import { DurastackError } from '@durastack/contracts/errors';

/** An address range in CIDR form. */
export interface Cidr {
  /** First address, e.g. `10.1.0.0`. */
  readonly network: string;
  readonly prefix: number;
  /** e.g. `255.255.255.0`. */
  readonly netmask: string;
}

const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ADDRESS = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);

/** The address itself. @throws DurastackError `INVALID_INPUT` unless it is a dotted IPv4 address */
export function ipv4(text: string): string {
  if (!ADDRESS.test(text)) throw new DurastackError('INVALID_INPUT', `"${text}" is not an IPv4 address`);
  return text;
}

/** Parses `a.b.c.d/n`. @throws DurastackError `INVALID_INPUT` unless it is an IPv4 range */
export function ipv4Cidr(text: string): Cidr {
  const [address = '', length = ''] = text.split('/');
  const prefix = Number(length);
  if (!ADDRESS.test(address) || !/^\d{1,2}$/.test(length) || prefix > 32) {
    throw new DurastackError('INVALID_INPUT', `"${text}" is not an IPv4 range; give it as 10.1.0.0/24`);
  }
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return { network: dotted((number(address) & mask) >>> 0), prefix, netmask: dotted(mask) };
}

function number(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function dotted(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}
