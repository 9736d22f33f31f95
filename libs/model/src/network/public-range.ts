/** Ranges of public addresses. */
import { DurastackError } from '@durastack/contracts/errors';
import { cidrOf, contains, toAddress, toNumber, usableRange } from './address-plan.js';

/** As an administrator gives one. */
export interface AskedRange {
  readonly gateway: string;
  readonly netmask: string;
  readonly startIp: string;
  readonly endIp: string;
}

/** Every address has a row of its own, so one range does not have more. */
const MOST_ADDRESSES = 65_536;

/**
 * The addresses of a range, in order.
 *
 * @throws DurastackError INVALID_INPUT when they do not lie in the gateway's network, or are too many
 */
export function addressesOf({ gateway, netmask, startIp, endIp }: AskedRange): string[] {
  const cidr = cidrOf(gateway, netmask);
  const usable = usableRange(cidr);
  const [first, last] = [toNumber(startIp), toNumber(endIp)];
  if (last < first) throw invalid(`endip ${endIp} comes before startip ${startIp}.`);
  for (const ip of [startIp, endIp]) {
    if (!contains(cidr, ip)) throw invalid(`The address ${ip} is not in the network ${cidr} of the gateway.`);
    if (toNumber(ip) < toNumber(usable.first) || toNumber(ip) > toNumber(usable.last))
      throw invalid(`${ip} is the address of the network ${cidr} itself, or its broadcast address.`);
  }
  if (toNumber(gateway) >= first && toNumber(gateway) <= last)
    throw invalid(`The gateway ${gateway} lies in the range ${startIp} to ${endIp}.`);
  const count = last - first + 1;
  if (count > MOST_ADDRESSES) throw invalid(`A range has at most ${MOST_ADDRESSES} addresses, this one ${count}.`);
  return Array.from({ length: count }, (_, index) => toAddress(first + index));
}

/** A VLAN as it is given, `vlan://` or not, in the form that is kept: a number or `untagged`. */
export function vlanNameOf(text: string | undefined): string {
  if (text === undefined || /^(vlan:\/\/)?untagged$/i.test(text)) return 'untagged';
  const tag = Number(/^(?:vlan:\/\/)?(\d{1,4})$/i.exec(text)?.[1]);
  if (tag >= 1 && tag <= 4094) return String(tag);
  throw invalid(`vlan ${text} is neither 1 to 4094 nor untagged.`);
}

function invalid(message: string): DurastackError {
  return new DurastackError('INVALID_INPUT', message);
}
