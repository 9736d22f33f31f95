/** What accounts and domains have, and may have; limits are texts in CloudStack. */
import { long, text } from '../fields.js';
import { numberOfKind, RESOURCE_KINDS, UNLIMITED_MAX } from './resource-kinds.js';

const limit = (what: string) => text(`How many ${what} there may be, or Unlimited.`).optional();
const available = (what: string) => text(`How many more ${what} there may be, or Unlimited.`).optional();
const total = (what: string) => long(`How many ${what} there are.`).optional();

/** Fields of the kinds that are counted. */
export const limitFields = {
  vmLimit: limit('virtual machines'),
  vmAvailable: available('virtual machines'),
  vmTotal: total('virtual machines'),
  volumeLimit: limit('volumes'),
  volumeAvailable: available('volumes'),
  volumeTotal: total('volumes'),
  templateLimit: limit('templates'),
  templateAvailable: available('templates'),
  templateTotal: total('templates'),
  networkLimit: limit('networks'),
  networkAvailable: available('networks'),
  networkTotal: total('networks'),
};

const PREFIXES = {
  vm: 'user_vm',
  volume: 'volume',
  template: 'template',
  network: 'network',
} as const satisfies Record<string, (typeof RESOURCE_KINDS)[number]>;

const FIELDS = Object.entries(PREFIXES).map(([prefix, kind]) => ({
  ...{ limit: `${prefix}Limit`, available: `${prefix}Available`, total: `${prefix}Total` },
  number: numberOfKind(kind),
}));

type LimitTexts = { [P in keyof typeof PREFIXES as `${P}Limit` | `${P}Available`]: string };

/**
 * The texts of these fields.
 *
 * @param limits the greatest number by the number of the kind; absent or -1: any
 * @param row with the totals, by field
 */
export function limitTexts(
  limits: Readonly<Record<string, number>>,
  row: Readonly<Record<string, unknown>>,
): LimitTexts {
  const texts: Record<string, string> = {};
  for (const { limit, available, total, number } of FIELDS) {
    const max = Number(limits[number] ?? UNLIMITED_MAX);
    texts[limit] = max < 0 ? 'Unlimited' : String(max);
    texts[available] = max < 0 ? 'Unlimited' : String(Math.max(0, max - Number(row[total] ?? 0)));
  }
  return texts as LimitTexts;
}
