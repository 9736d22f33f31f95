/** What lists of accounts and domains say of limits. */
import { defaultLimitsOf, type LimitedOwner } from '@durastack/contracts/identity/default-limits';

/** Columns for {@link limitsOfRow}: the limits of an item by the number of the kind, and the settings that are changed. */
export const LIMIT_COLUMNS = {
  limits: '(SELECT JSON_OBJECTAGG(l.kind, l.max) FROM resource_limit l WHERE l.owner_id = b.id)',
  limitSettings: "(SELECT JSON_OBJECTAGG(g.name, g.value) FROM global_setting g WHERE g.name LIKE 'max.%')",
} as const;

/** JSON that some databases give as a text. */
function parsed(json: unknown): Readonly<Record<string, number>> {
  if (json === null || json === undefined) return {};
  return (typeof json === 'string' ? JSON.parse(json) : json) as Record<string, number>;
}

/** The limits of a row with {@link LIMIT_COLUMNS}; without an owner nothing holds but what is set on it. */
export function limitsOfRow(
  { limits, limitSettings }: Readonly<Record<string, unknown>>,
  owner?: LimitedOwner,
): Readonly<Record<string, number>> {
  return { ...(owner ? defaultLimitsOf(owner, parsed(limitSettings)) : {}), ...parsed(limits) };
}
