/** The built-in roles in CloudStack's words. */
import type { Role } from '../command.js';

/** A role of accounts. */
export interface AccountRole {
  readonly role: Exclude<Role, 'anyone'>;
  readonly id: string;
  readonly name: string;
  /** CloudStack's roletype. */
  readonly type: string;
  /** CloudStack's accounttype. */
  readonly accountType: number;
}

/** All of them. Ids are for ever. */
export const ACCOUNT_ROLES: readonly AccountRole[] = [
  { role: 'admin', id: '01e00000-0000-4000-8000-000000000001', name: 'Root Admin', type: 'Admin', accountType: 1 },
  {
    role: 'domain-admin',
    id: '01e00000-0000-4000-8000-000000000002',
    name: 'Domain Admin',
    type: 'DomainAdmin',
    accountType: 2,
  },
  { role: 'user', id: '01e00000-0000-4000-8000-000000000004', name: 'User', type: 'User', accountType: 0 },
];

const USER = ACCOUNT_ROLES[2] as AccountRole;

/** The role of that name; that of users for any other. */
export function accountRole(role: unknown): AccountRole {
  return ACCOUNT_ROLES.find((known) => known.role === role) ?? USER;
}

/** The fields of a view that say an account's role. */
export function roleFields(role: unknown): { accountType: number; roleId: string; roleName: string; roleType: string } {
  const { accountType, id, name, type } = accountRole(role);
  return { accountType, roleId: id, roleName: name, roleType: type };
}
