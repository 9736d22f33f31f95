/** Which addresses the product connects to when a user gave the URL: public ones, and what the operator allowed. */
import { BlockList, isIP } from 'node:net';
import { DurastackError } from '@durastack/contracts/errors';

/** IPv4 that is not the public internet (IANA special-purpose registry, RFC 6890 and later). */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Only global unicast is public at all; within it these are not: protocol assignments with Teredo, examples, 6to4. */
const PUBLIC_IPV6 = ['2000::/3'];
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** IPv6 prefixes that carry an IPv4 address in their last 32 bits: mapped and NAT64. */
const EMBEDDING_IPV6 = ['::ffff:0:0/96', '64:ff9b::/96'];

const specialIpv4 = cidrList(SPECIAL_IPV4);
const publicIpv6 = cidrList(PUBLIC_IPV6);
const specialIpv6 = cidrList(SPECIAL_IPV6);
const embeddingIpv6 = cidrList(EMBEDDING_IPV6);

/** Says whether an address may be connected to. */
export type AddressPolicy = (address: string) => boolean;

/**
 * The policy that admits public addresses and those in `allowedPrivateCidrs`.
 *
 * An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as that IPv4 address.
 *
 * @throws DurastackError `INVALID_INPUT` for what is not a CIDR
 */
export function addressPolicy(allowedPrivateCidrs: readonly string[]): AddressPolicy {
  const allowed = cidrList(allowedPrivateCidrs);
  return (address) => {
    const bare = address.replace(/%.*$/, '');
    if (isIP(bare) === 0) return false;
    if (isIP(bare) === 4) return allowed.check(bare, 'ipv4') || !specialIpv4.check(bare, 'ipv4');
    if (embeddingIpv6.check(bare, 'ipv6')) {
      const inner = embeddedIpv4(bare);
      return allowed.check(inner, 'ipv4') || !specialIpv4.check(inner, 'ipv4');
    }
    if (allowed.check(bare, 'ipv6')) return true;
    return publicIpv6.check(bare, 'ipv6') && !specialIpv6.check(bare, 'ipv6');
  };
}

/** The last 32 bits of an IPv6 address in any spelling, as dotted IPv4. */
function embeddedIpv4(address: string): string {
  // A URL's host has one canonical spelling, with the last 32 bits as two hexadecimal groups.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const groups = canonical.split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function cidrList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix = ''] = cidr.split('/');
    const family = isIP(address);
    const bits = Number(prefix);
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || bits > (family === 4 ? 32 : 128)) {
      throw new DurastackError('INVALID_INPUT', `"${cidr}" is not an address range; write it like 192.0.2.0/24.`);
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
