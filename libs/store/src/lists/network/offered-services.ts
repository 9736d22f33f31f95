import { NOTHING } from '../engine/columns.js';
import { join, sql, type Sql } from '../engine/sql.js';

/**
 * Offerings that have each of these services; the column is written by this product alone.
 *
 * @param nameOf a service's name as the column has it; undefined for what is none
 */
export function offersAll(names: readonly string[], nameOf: (name: string) => string | undefined): Sql {
  const offers = (name: string): Sql => {
    const known = nameOf(name);
    return known === undefined ? NOTHING : sql`b.services_json LIKE ${`%"name":"${known}"%`}`;
  };
  return join(names.map(offers), ' AND ');
}
