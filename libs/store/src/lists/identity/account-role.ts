/** What lists of accounts and of their users say of roles. The role is joined as `ro`. */
import { accountTypeOf, roleTypeOf, roleTypeOfAccountType } from '@durastack/contracts/identity/roles';
import { NOTHING } from '../engine/columns.js';
import { raw, sql, type Sql } from '../engine/sql.js';

/** The role of an account. */
export const ROLE_COLUMNS = { roleId: 'ro.id', roleName: 'ro.name', roleType: 'ro.type' } as const;

/** CloudStack's number of a type of accounts, for a row with {@link ROLE_COLUMNS}. */
export function accountTypeField(row: Readonly<Record<string, unknown>>): { accountType: number } {
  return { accountType: accountTypeOf(roleTypeOf(row['roleType']) ?? 'User') };
}

/**
 * Only what has a role of this type.
 *
 * @param roleId SQL of the role's id
 */
export function ofAccountType(roleId: string, accountType: number): Sql {
  const type = roleTypeOfAccountType(accountType);
  return type ? sql`${raw(roleId)} IN (SELECT id FROM role WHERE type = ${type})` : NOTHING;
}
