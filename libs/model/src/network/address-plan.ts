/** IPv4 arithmetic of shared networks. Addresses are texts; ranges include both ends. */
import { DurastackError } from '@durastack/contracts/errors';

/** An IPv4 address as a number. INVALID_INPUT when it is none. */
export function toNumber(ip: string): number {
  const parts = ip.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255))
    throw new DurastackError('INVALID_INPUT', `${ip} is not an IPv4 address.`);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The reverse of {@link toNumber}. */
export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** A prefix length's netmask: 24 → 255.255.255.0. */
export function netmaskOf(cidr: string): string {
  const bits = Number(cidr.split('/')[1]);
  return toAddress(bits === 0 ? 0 : 2 ** 32 - 2 ** (32 - bits));
}

/** The network that an address and a netmask name, as CIDR. INVALID_INPUT for a netmask with gaps. */
export function cidrOf(ip: string, netmask: string): string {
  const mask = toNumber(netmask);
  const size = 2 ** 32 - mask;
  if (size < 1 || Math.log2(size) % 1 !== 0) throw new DurastackError('INVALID_INPUT', `${netmask} is not a netmask.`);
  return `${toAddress(Math.floor(toNumber(ip) / size) * size)}/${32 - Math.log2(size)}`;
}

/** Whether an address lies in a network. */
export function contains(cidr: string, ip: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(toNumber(base) / size) === Math.floor(toNumber(ip) / size);
}

/** A range that machines get addresses from. */
export interface AddressRange {
  readonly startIp: string;
  readonly endIp: string;
  /** Addresses in the range that no machine gets: the gateway. */
  readonly reserved: readonly string[];
}

/**
 * The free addresses of a range, beginning at a place that differs from machine to machine, so that parallel
 * deploys rarely try the same one first.
 *
 * @param start any whole number ≥ 0
 */
export function* freeAddresses(range: AddressRange, used: ReadonlySet<string>, start: number): Generator<string> {
  const first = toNumber(range.startIp);
  const count = toNumber(range.endIp) - first + 1;
  for (let offset = 0; offset < count; offset += 1) {
    const ip = toAddress(first + ((start + offset) % count));
    if (!used.has(ip) && !range.reserved.includes(ip)) yield ip;
  }
}

/** Whether two networks have an address in common. */
export function overlaps(a: string, b: string): boolean {
  return contains(a, b.split('/')[0] ?? '') || contains(b, a.split('/')[0] ?? '');
}

/** The first and last address of a network that something can have: without its own and the broadcast address. */
export function usableRange(cidr: string): { readonly first: string; readonly last: string } {
  const [base = '', bits = ''] = cidr.split('/');
  const begin = toNumber(base);
  return { first: toAddress(begin + 1), last: toAddress(begin + 2 ** (32 - Number(bits)) - 2) };
}

/** Whether something in a network can have this address: it lies in {@link usableRange}. INVALID_INPUT when it is none. */
export function isUsable(cidr: string, ip: string): boolean {
  const { first, last } = usableRange(cidr);
  return toNumber(ip) >= toNumber(first) && toNumber(ip) <= toNumber(last);
}
