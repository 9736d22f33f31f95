/** Domains, accounts and users that a caller administers. What is not below it looks as if it did not exist. */
import { DurastackError } from '@durastack/contracts/errors';
import {
  callerClassOf,
  defaultRoleOf,
  roleTypeOfAccountType,
  type CallerClass,
} from '@durastack/contracts/identity/roles';
import { mayAccess, notFound } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import type { Tx } from '@durastack/store/database/transaction';
import type { KnownCaller } from '../face/call.js';
import type { RoleBook } from './role-book.js';
import type { RoleRow } from './role-rows.js';

/** A domain's row. */
export interface DomainRow {
  readonly id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly path: string;
  readonly display_path: string;
  readonly level: number;
}

/** A domain at or below the caller's, held until the transaction ends. NOT_FOUND otherwise. */
export async function administeredDomain(tx: Tx, caller: Caller, id: string, parameter: string): Promise<DomainRow> {
  const rows = await tx.query<DomainRow>('SELECT * FROM domain WHERE id = ? AND NOT removed FOR UPDATE', [id]);
  const row = rows[0];
  if (!row || (caller.role !== 'admin' && !row.path.startsWith(caller.domainPath))) throw notFound(parameter, id);
  return row;
}

/** An account's row, with the path of its domain. */
export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: Caller['role'];
  readonly role_id: string;
  readonly state: string;
  readonly is_default: number;
  readonly domain_id: string;
  readonly path: string;
}

/**
 * An account that the caller administers, held until the transaction ends. Root administrators are administered by
 * their like alone, wherever they are.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function administeredAccount(tx: Tx, caller: Caller, id: string, parameter = 'id'): Promise<AccountRow> {
  const rows = await tx.query<AccountRow>(
    `SELECT a.id, a.name, a.role, a.role_id, a.state, a.is_default, a.domain_id, d.path FROM account a JOIN domain d ON d.id = a.domain_id
      WHERE a.id = ? AND a.state <> 'removed' AND a.role <> 'project' FOR UPDATE`,
    [id],
  );
  const row = rows[0];
  if (!row || !administers(caller, row)) throw notFound(parameter, id);
  return row;
}

/** A user's row, with its account's. */
export interface AdministeredUser {
  readonly id: string;
  readonly username: string;
  readonly password_hash: string;
  readonly api_key: string | null;
  readonly secret_key_sealed: string | null;
  readonly account_id: string;
  readonly state: string;
  readonly is_default: number;
  readonly role: Caller['role'];
  readonly role_id: string;
  readonly domain_id: string;
  readonly path: string;
}

/** The caller's own user, or one that the caller administers. NOT_FOUND otherwise. */
export async function ownOrAdministeredUser(tx: Tx, caller: Caller, id: string): Promise<AdministeredUser> {
  const rows = await tx.query<AdministeredUser>(
    `SELECT u.id, u.username, u.password_hash, u.api_key, u.secret_key_sealed, u.account_id,
       u.state, u.is_default, a.role, a.role_id, a.domain_id, d.path
       FROM user u JOIN account a ON a.id = u.account_id JOIN domain d ON d.id = a.domain_id
      WHERE u.id = ? AND u.state <> 'removed'`,
    [id],
  );
  const row = rows[0];
  const own = row?.id === caller.userId;
  if (!row || !(own || (caller.role !== 'user' && administers(caller, row)))) throw notFound('id', id);
  return row;
}

/**
 * Refuses whatever would let a caller act as somebody with more rights: keys, passwords, new users of the account.
 * The own user is the caller's to change.
 *
 * @throws DurastackError FORBIDDEN
 */
export async function requireActingAs(
  tx: Tx,
  { caller, roles }: { readonly caller: KnownCaller; readonly roles: RoleBook },
  user: Pick<AdministeredUser, 'id' | 'role_id'>,
): Promise<void> {
  if (user.id !== caller.userId) await roles.requireCovers(tx, caller, user.role_id);
}

function administers(
  caller: Caller,
  row: { id: string; account_id?: string; role: Caller['role']; domain_id: string; path: string },
): boolean {
  if (row.role === 'admin' && caller.role !== 'admin') return false;
  return mayAccess(caller, { accountId: row.account_id ?? row.id, domainId: row.domain_id, domainPath: row.path });
}

/** A role that an account is to have. */
export interface GrantedRole {
  readonly id: string;
  readonly callerClass: CallerClass;
}

/**
 * The role that a new or changed account is to have, held until the transaction ends. Nobody gives more than they have.
 *
 * @throws DurastackError INVALID_INPUT for an unknown or disabled role, FORBIDDEN for one with rights that the caller
 *   lacks
 */
export async function grantableRole(
  tx: Tx,
  { caller, roles }: { readonly caller: KnownCaller; readonly roles: RoleBook },
  wanted: { readonly roleId?: string | undefined; readonly accountType?: number | undefined },
): Promise<GrantedRole> {
  const type = roleTypeOfAccountType(wanted.accountType ?? 0);
  const id = wanted.roleId ?? (type && defaultRoleOf(type).id);
  const rows = await tx.query<RoleRow>('SELECT * FROM role WHERE id = ? LOCK IN SHARE MODE', [id ?? null]);
  const role = rows[0];
  // Others than root do not even see roles that are not public.
  if (!role || (role.is_public !== 1 && caller.role !== 'admin'))
    throw new DurastackError('INVALID_INPUT', `There is no role ${wanted.roleId ?? wanted.accountType}.`);
  if (role.state !== 'enabled')
    throw new DurastackError('INVALID_INPUT', `The role ${role.name} is disabled; enable it, or give another.`);
  await roles.requireCovers(tx, caller, role.id);
  return { id: role.id, callerClass: callerClassOf(role.type) };
}

/**
 * Refuses a user name that is taken in the domain. The domain's row must be held.
 *
 * @throws DurastackError CONFLICT
 */
export async function refuseTakenName(tx: Tx, username: string, domainId: string, except = ''): Promise<void> {
  const rows = await tx.query(
    `SELECT 1 FROM user u JOIN account a ON a.id = u.account_id
      WHERE u.username = ? AND a.domain_id = ? AND u.state <> 'removed' AND u.id <> ? LIMIT 1`,
    [username, domainId, except],
  );
  if (rows.length > 0)
    throw new DurastackError('CONFLICT', `The user ${username} already exists in domain ${domainId}.`);
}
