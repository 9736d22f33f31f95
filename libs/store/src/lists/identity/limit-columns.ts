/** What lists of accounts and domains say of limits. */

/** JSON of the limits of an item, by the number of the kind; some databases give it as a text. */
export const LIMITS = '(SELECT JSON_OBJECTAGG(l.kind, l.max) FROM resource_limit l WHERE l.owner_id = b.id)';

/** The limits of a row with the extra column `limits`. */
export function limitsOfRow({ limits }: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  if (limits === null || limits === undefined) return {};
  return (typeof limits === 'string' ? JSON.parse(limits) : limits) as Record<string, number>;
}
