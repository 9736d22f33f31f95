/** Chooses a small private network that overlaps nothing this machine has a route to. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DurastackError } from '@durastack/contracts/errors';
import { runOrFail } from '../system/run.js';

/** A /24 network. */
export interface Subnet {
  readonly gateway: string;
  readonly netmask: string;
  readonly startIp: string;
  readonly endIp: string;
}

const routes = z.array(z.object({ dst: z.string() }));
/** Candidates: 10.<FIRST..FIRST+COUNT-1>.<any>.0/24, away from the numbers that people and tools like. */
const FIRST = 180;
const COUNT = 64;

/**
 * The network of an instance: the same name begins its search at the same place.
 *
 * @throws ENVIRONMENT when every candidate overlaps a route
 */
export async function findFreeSubnet(instance: string): Promise<Subnet> {
  const output = await runOrFail('Reading the routes', 'ip', ['-4', '-json', 'route', 'show', 'table', 'all']);
  const destinations = routes.parse(JSON.parse(output || '[]')).map(({ dst }) => dst);
  const subnet = chooseSubnet(instance, destinations);
  if (subnet !== undefined) return subnet;
  throw new DurastackError('ENVIRONMENT', 'Every private network tried overlaps a route of this machine.');
}

/** The first candidate of an instance that overlaps none of the destinations (addresses, CIDRs; words are ignored). */
export function chooseSubnet(instance: string, destinations: readonly string[]): Subnet | undefined {
  const taken = destinations.flatMap(parseCidr);
  const seed = createHash('sha256').update(instance).digest().readUInt16BE();
  for (let i = 0; i < COUNT; i++) {
    const prefix = `10.${FIRST + ((seed + i) % COUNT)}.${seed % 256}`;
    const [range] = parseCidr(`${prefix}.0/24`);
    if (range !== undefined && taken.every((other) => other.last < range.first || other.first > range.last)) {
      return { gateway: `${prefix}.1`, netmask: '255.255.255.0', startIp: `${prefix}.10`, endIp: `${prefix}.250` };
    }
  }
  return undefined;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Default routes cover everything and mean nothing here, so they give no range. */
function parseCidr(text: string): Range[] {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text);
  if (match === null) return [];
  const [a, b, c, d] = match.slice(1, 5).map(Number) as [number, number, number, number];
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - Number(match[5] ?? 32));
  return [{ first, last: first + size - 1 }];
}
