/** What lists of accounts and domains say of limits. */
import { defaultLimitsOf, type LimitedOwner } from '@durastack/contracts/identity/default-limits';

/** Columns for {@link limitsOfRow}: the limits of an item by the number of the kind, and the settings that are changed. */
export const LIMIT_COLUMNS = {
  limits: '(SELECT JSON_OBJECTAGG(l.kind, l.max) FROM resource_limit l WHERE l.owner_id = b.id)',
  limitSettings: "(SELECT JSON_OBJECTAGG(g.name, g.value) FROM global_setting g WHERE g.name LIKE 'max.%')",
} as const;

type Limits = Readonly<Record<string, number>>;

const NONE: Limits = {};

/** Where no setting is changed; lists have thousands of rows. */
const BY_DEFAULT: Readonly<Record<LimitedOwner, Limits>> = {
  account: defaultLimitsOf('account', NONE),
  project: defaultLimitsOf('project', NONE),
  domain: defaultLimitsOf('domain', NONE),
};

/** JSON that some databases give as a text. */
const parsed = (json: unknown): Limits => (typeof json === 'string' ? JSON.parse(json) : json) as Limits;

const isGiven = (json: unknown): boolean => json !== null && json !== undefined;

/** The limits of a row with {@link LIMIT_COLUMNS}; without an owner nothing holds but what is set on it. */
export function limitsOfRow(
  { limits, limitSettings }: Readonly<Record<string, unknown>>,
  owner?: LimitedOwner,
): Limits {
  const changed = owner && isGiven(limitSettings) ? defaultLimitsOf(owner, parsed(limitSettings)) : undefined;
  const byDefault = changed ?? (owner ? BY_DEFAULT[owner] : NONE);
  return isGiven(limits) ? { ...byDefault, ...parsed(limits) } : byDefault;
}
