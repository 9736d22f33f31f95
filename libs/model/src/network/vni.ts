/** VXLAN network identifiers: ranges of zones, and which one a new network gets. */
import { DurastackError } from '@durastack/contracts/errors';

/** The highest identifier: 24 bits. */
const LAST = 2 ** 24 - 1;

/** First and last identifier that networks of a zone may have. */
export interface VniRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `5000-5999`; undefined for `none`. INVALID_INPUT when it is neither. */
export function parseVniRange(text: string): VniRange | undefined {
  if (text.trim().toLowerCase() === 'none') return undefined;
  const [, first = 0, last = 0] = (/^\s*(\d{1,8})\s*-\s*(\d{1,8})\s*$/.exec(text) ?? []).map(Number);
  if (first < 1 || last > LAST || first > last) {
    const form = `first-last with 1 ≤ first ≤ last ≤ ${LAST}, or none`;
    throw new DurastackError('INVALID_INPUT', `'${text}' is no range of VXLAN identifiers; give ${form}.`);
  }
  return { first, last };
}

/** Reads `vxlan://5001` or `5001`. INVALID_INPUT when it is neither, or in no network's range. */
export function parseVni(text: string): number {
  const vni = Number(/^(?:vxlan:\/\/)?(\d{1,8})$/i.exec(text)?.[1]);
  if (vni >= 1 && vni <= LAST) return vni;
  throw new DurastackError('INVALID_INPUT', `vlan ${text} is no VXLAN identifier; give vxlan://1 to vxlan://${LAST}.`);
}

/**
 * The identifier of a new network: the one asked for, or the one after the highest in use, so that one which was given
 * up lately comes last. CONFLICT when it is taken, outside the range, or when all are taken.
 */
export function chooseVni(range: VniRange, used: ReadonlySet<number>, asked?: number): number {
  const { first, last } = range;
  if (asked !== undefined) {
    if (asked < first || asked > last)
      throw new DurastackError('INVALID_INPUT', `The VNI ${asked} is not in the zone's range ${first}-${last}.`);
    if (used.has(asked))
      throw new DurastackError('CONFLICT', `The VNI ${asked} is in use by another network of the zone.`);
    return asked;
  }
  const within = [...used].filter((vni) => vni >= first && vni <= last);
  const next = within.reduce((highest, vni) => Math.max(highest, vni), first - 1) + 1;
  if (next <= last) return next;
  for (let vni = first; vni <= last; vni += 1) if (!used.has(vni)) return vni;
  throw new DurastackError('CONFLICT', `All VNIs of the zone (${first}-${last}) are in use; widen its vxlanrange.`);
}
