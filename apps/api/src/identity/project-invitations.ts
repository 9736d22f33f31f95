/** How somebody becomes a member of a project: at once, or by accepting an invitation. */
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { addAccountToProject } from '@durastack/contracts/identity/add-account-to-project';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import { requireProjectRole } from './project-roles.js';
import { addMember, refuseMember, type Member, type ProjectRow } from './project-rows.js';

/** An invitation's row. */
export interface InvitationRow {
  readonly id: string;
  readonly account_id: string;
  readonly user_id: string | null;
  readonly role: string;
  readonly project_role_id: string | null;
  readonly state: string;
  /** 1 when it was not answered in time. */
  readonly expired: number;
}

type Wanted = Pick<ParamsOf<typeof addAccountToProject>, 'roleType' | 'projectRoleId' | 'email'>;

/**
 * Adds a member, or invites it where that is required. The project's row must be held.
 *
 * @throws DurastackError CONFLICT when it is a member or invited already; NOT_FOUND for the role of the project
 */
export async function addOrInvite(tx: Tx, project: ProjectRow, member: Member, wanted: Wanted): Promise<void> {
  const role = wanted.roleType ?? 'Regular';
  const { projectRoleId } = wanted;
  if (projectRoleId !== undefined) await requireProjectRole(tx, project, projectRoleId, 'projectroleid');
  if (projectRoleId !== undefined && role === 'Admin')
    throw new DurastackError(
      'INVALID_INPUT',
      'Administrators may do everything: give roletype Admin or projectroleid.',
    );
  const settings = await readGlobalSettings(tx);
  if (!settings['project.invite.required']) return addMember(tx, project, { ...member, role, projectRoleId });
  await refuseMember(tx, project, member);
  await refuseInvited(tx, project, member);
  await insertRow(tx, 'project_invitation', {
    ...{ id: newId(), project_id: project.id, domain_id: project.domain_id },
    ...{ account_id: member.accountId, user_id: member.userId },
    ...{ role, project_role_id: projectRoleId, email: wanted.email, state: 'Pending', created_at: new Date() },
    expires_at: new Date(Date.now() + settings['project.invite.timeout']),
  });
}

async function refuseInvited(tx: Tx, project: ProjectRow, member: Member): Promise<void> {
  const open = (await invitationsOf(tx, project.id, member.accountId)).filter(
    (one) => one.user_id === member.userId && one.state === 'Pending' && !one.expired,
  );
  if (open.length > 0) throw new DurastackError('CONFLICT', `It is invited to the project ${project.name} already.`);
}

/** The invitations of an account, or of its users, to a project. */
export function invitationsOf(tx: Tx, projectId: string, accountId: string): Promise<InvitationRow[]> {
  return tx.query<InvitationRow>(
    `SELECT id, account_id, user_id, role, project_role_id, state, expires_at < UTC_TIMESTAMP(3) AS expired
       FROM project_invitation WHERE project_id = ? AND account_id = ? ORDER BY id DESC FOR UPDATE`,
    [projectId, accountId],
  );
}
