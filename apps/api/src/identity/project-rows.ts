/** Projects and their members. What a caller may not see looks as if it did not exist. */
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { mayAccess, refusal } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';

/** A project's row. */
export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly domain_id: string;
  readonly account_id: string;
  readonly state: string;
  readonly path: string;
}

/** A member: an account, or one user of it. */
export interface Member {
  readonly accountId: string;
  readonly userId: string | null;
}

/**
 * A project that the caller may see: as a member, or as an administrator above it.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function requireProject(
  tx: Tx,
  caller: Caller,
  named: { readonly id: string; readonly parameter: string; readonly lock?: boolean },
): Promise<ProjectRow> {
  const rows = await tx.query<ProjectRow>(
    `SELECT p.id, p.name, p.domain_id, p.account_id, p.state, d.path FROM project p JOIN domain d ON d.id = p.domain_id
      WHERE p.id = ? AND p.state <> 'Removed' ${named.lock ? 'FOR UPDATE' : ''}`,
    [named.id],
  );
  const row = rows[0];
  const owner = row && { accountId: row.account_id, domainId: row.domain_id, domainPath: row.path };
  if (!owner || !mayAccess(caller, owner)) throw refusal(caller, owner?.accountId, named);
  return row;
}

/**
 * A project that the caller may change, held until the transaction ends: as one of its administrators, or from above.
 *
 * @throws DurastackError NOT_FOUND; FORBIDDEN for a regular member
 */
export async function requireManagedProject(tx: Tx, caller: Caller, id: string, parameter = 'id'): Promise<ProjectRow> {
  const project = await requireProject(tx, caller, { id, parameter, lock: true });
  const above =
    caller.role === 'admin' || (caller.role === 'domain-admin' && project.path.startsWith(caller.domainPath));
  if (above) return project;
  const rows = await tx.query(
    `SELECT 1 FROM project_member WHERE project_id = ? AND account_id = ? AND role = 'Admin'
      AND (user_id IS NULL OR user_id = ?)`,
    [id, caller.accountId, caller.userId],
  );
  if (rows.length === 0)
    throw new DurastackError('FORBIDDEN', `Only its administrators may change the project ${project.name}.`);
  return project;
}

/** An account of the project's domain, by its name. @throws DurastackError INVALID_INPUT */
export async function accountOfDomain(tx: Tx, project: ProjectRow, name: string): Promise<Member> {
  const rows = await tx.query<{ id: string }>(
    "SELECT id FROM account WHERE domain_id = ? AND name = ? AND state <> 'removed' AND role <> 'project'",
    [project.domain_id, name],
  );
  if (!rows[0])
    throw new DurastackError(
      'INVALID_INPUT',
      `There is no account ${name} in the domain of the project ${project.name}.`,
    );
  return { accountId: rows[0].id, userId: null };
}

/** A user of the project's domain, by its name. @throws DurastackError INVALID_INPUT */
export async function userOfDomain(tx: Tx, project: ProjectRow, username: string): Promise<Member> {
  const [user] = await tx.query<{ id: string; account_id: string }>(
    `SELECT u.id, u.account_id FROM user u JOIN account a ON a.id = u.account_id
      WHERE u.username = ? AND a.domain_id = ? AND u.state <> 'removed'`,
    [username, project.domain_id],
  );
  if (!user)
    throw new DurastackError(
      'INVALID_INPUT',
      `There is no user ${username} in the domain of the project ${project.name}.`,
    );
  return { accountId: user.account_id, userId: user.id };
}

/** As what a member is in a project. */
export interface Membership {
  readonly role: string;
  /** A role of the project. */
  readonly projectRoleId?: string | null | undefined;
}

/** Condition that finds a member's row; an account's row is not one of its users'. */
const IS_MEMBER = 'project_id = ? AND account_id = ? AND user_id <=> ?';

/** Adds a member. The project's row must be held. @throws DurastackError CONFLICT when it is one already */
export async function addMember(
  tx: Tx,
  project: Pick<ProjectRow, 'id' | 'name'>,
  member: Member & Membership,
): Promise<void> {
  await refuseMember(tx, project, member);
  await insertRow(tx, 'project_member', {
    id: newId(),
    project_id: project.id,
    account_id: member.accountId,
    user_id: member.userId,
    role: member.role,
    project_role_id: member.projectRoleId,
    created_at: new Date(),
  });
}

/** @throws DurastackError CONFLICT when it is a member */
export async function refuseMember(tx: Tx, project: Pick<ProjectRow, 'id' | 'name'>, member: Member): Promise<void> {
  const known = await tx.query(`SELECT 1 FROM project_member WHERE ${IS_MEMBER}`, [
    project.id,
    member.accountId,
    member.userId,
  ]);
  if (known.length > 0) throw new DurastackError('CONFLICT', `It is a member of the project ${project.name} already.`);
}

/**
 * Removes a member, which is never the last administrator. The project's row must be held.
 *
 * @throws DurastackError INVALID_INPUT when it is no member; NOT_ALLOWED_IN_STATE for the last administrator
 */
export async function removeMember(tx: Tx, project: ProjectRow, member: Member): Promise<void> {
  const gone = await tx.execute(`DELETE FROM project_member WHERE ${IS_MEMBER}`, [
    project.id,
    member.accountId,
    member.userId,
  ]);
  if (gone.affectedRows === 0)
    throw new DurastackError('INVALID_INPUT', `It is no member of the project ${project.name}.`);
  await requireAdministrator(tx, project);
}

/** Gives a member another role. As {@link removeMember}. */
export async function setMemberRole(
  tx: Tx,
  project: ProjectRow,
  member: Member & { readonly role: string },
): Promise<void> {
  const at = [project.id, member.accountId, member.userId];
  const known = await tx.query(`SELECT 1 FROM project_member WHERE ${IS_MEMBER}`, at);
  if (known.length === 0)
    throw new DurastackError('INVALID_INPUT', `It is no member of the project ${project.name}; add it first.`);
  await tx.execute(`UPDATE project_member SET role = ? WHERE ${IS_MEMBER}`, [member.role, ...at]);
  await requireAdministrator(tx, project);
}

async function requireAdministrator(tx: Tx, project: ProjectRow): Promise<void> {
  const left = await tx.query("SELECT 1 FROM project_member WHERE project_id = ? AND role = 'Admin' LIMIT 1", [
    project.id,
  ]);
  if (left.length === 0)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The project ${project.name} needs an administrator; make another member one first (updateProject).`,
    );
}
