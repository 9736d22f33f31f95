/** The addresses of a new network: those asked for, or chosen. */
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { createNetwork } from '@durastack/contracts/network/create-network';
import { cidrOf, contains, overlaps, toAddress, toNumber, usableRange } from '@durastack/model/network/address-plan';

type Params = Pick<ParamsOf<typeof createNetwork>, 'gateway' | 'netmask' | 'startIp' | 'endIp'>;

/** Addresses that machines get, and the gateway among them. */
export interface NetworkRange {
  readonly cidr: string;
  readonly gateway: string;
  readonly startIp: string;
  readonly endIp: string;
}

/** A network that is there. */
export interface OtherNetwork {
  readonly name: string;
  readonly cidr: string;
}

/** Never leave the machines' own network: an L2 network has no addresses, but each interface has a row of its own. */
export const L2_RANGE: NetworkRange = {
  cidr: '169.254.0.0/16',
  gateway: '169.254.0.1',
  startIp: '169.254.1.0',
  endIp: '169.254.254.255',
};

/** As CloudStack has it: the first network that is tried, and how many are. */
const FIRST_CHOICE = toNumber('10.1.1.0');
const CHOICES = 254;
const CHOICE_SIZE = 256;
const SMALLEST = 30;

/** The range of a shared network, which must be given. */
export function sharedRange({ gateway, netmask, startIp, endIp = startIp }: Params): NetworkRange {
  if (gateway === undefined || netmask === undefined || startIp === undefined || endIp === undefined)
    throw new DurastackError('INVALID_INPUT', 'A shared network needs gateway, netmask and startip.');
  return checked({ cidr: cidrOf(gateway, netmask), gateway, startIp, endIp });
}

/**
 * The range of an isolated network: the one asked for, or the first of 10.1.1.0/24, 10.1.2.0/24, … that overlaps none.
 *
 * @throws DurastackError `CONFLICT` when all of those are taken
 */
export function isolatedRange(params: Params, others: readonly OtherNetwork[]): NetworkRange {
  const { gateway, netmask } = params;
  if (gateway === undefined && netmask !== undefined)
    throw new DurastackError('INVALID_INPUT', 'A netmask needs the gateway with it.');
  const cidr = gateway === undefined ? freeCidr(others) : cidrOf(gateway, netmask ?? '255.255.255.0');
  if (Number(cidr.split('/')[1]) > SMALLEST)
    throw new DurastackError('INVALID_INPUT', `The network ${cidr} has no room for a machine beside its gateway.`);
  const { first, last } = usableRange(cidr);
  return checked({
    cidr,
    gateway: gateway ?? first,
    startIp: params.startIp ?? first,
    endIp: params.endIp ?? (params.startIp === undefined ? last : params.startIp),
  });
}

/** Refuses addresses that another network of the zone has. */
export function refuseOverlap(cidr: string, others: readonly OtherNetwork[]): void {
  const clash = others.find((other) => overlaps(cidr, other.cidr));
  if (clash === undefined) return;
  const message = `The addresses ${cidr} overlap those of the network ${clash.name} (${clash.cidr}).`;
  throw new DurastackError('CONFLICT', message);
}

function freeCidr(others: readonly OtherNetwork[]): string {
  for (let index = 0; index < CHOICES; index += 1) {
    const cidr = `${toAddress(FIRST_CHOICE + index * CHOICE_SIZE)}/24`;
    if (!others.some((other) => overlaps(cidr, other.cidr))) return cidr;
  }
  throw new DurastackError('CONFLICT', 'Every network from 10.1.1.0/24 on is taken; give gateway and netmask.');
}

function checked(range: NetworkRange): NetworkRange {
  const { cidr, gateway, startIp, endIp } = range;
  for (const ip of [gateway, startIp, endIp]) {
    if (!contains(cidr, ip))
      throw new DurastackError('INVALID_INPUT', `The address ${ip} is not in the network ${cidr}.`);
  }
  if (toNumber(endIp) < toNumber(startIp))
    throw new DurastackError('INVALID_INPUT', `endip ${endIp} comes before startip ${startIp}.`);
  return range;
}
