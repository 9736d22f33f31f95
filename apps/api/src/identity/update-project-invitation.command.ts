import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateProjectInvitation } from '@durastack/contracts/identity/update-project-invitation';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { mayAccess, notFound, ownerOf } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { invitationsOf, type InvitationRow } from './project-invitations.js';
import { addMember } from './project-rows.js';

/** Accepts or declines an invitation. */
@Handles(updateProjectInvitation)
export class UpdateProjectInvitationHandler implements CommandHandler<typeof updateProjectInvitation> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateProjectInvitation>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const { projectId } = params;
      const invitation = await invitationFor(tx, call.caller, params);
      if (invitation.expired) throw new DurastackError('NOT_ALLOWED_IN_STATE', 'The invitation has expired.');
      const accepted = params.accept !== false;
      await tx.execute('UPDATE project_invitation SET state = ? WHERE id = ?', [
        accepted ? 'Completed' : 'Declined',
        invitation.id,
      ]);
      if (!accepted) return;
      const [project] = await tx.query<{ id: string; name: string }>(
        "SELECT id, name FROM project WHERE id = ? AND state <> 'Removed'",
        [projectId],
      );
      if (!project) throw notFound('projectid', projectId);
      await addMember(tx, project, {
        ...{ accountId: invitation.account_id, userId: invitation.user_id },
        ...{ role: invitation.role, projectRoleId: invitation.project_role_id },
      });
    });
  }
}

/** The open invitation that the call means. The project's row is held. */
async function invitationFor(
  tx: Tx,
  caller: Caller,
  { projectId, account, userId }: ParamsOf<typeof updateProjectInvitation>,
): Promise<InvitationRow> {
  const [held] = await tx.query<{ account_id: string; domain_id: string; path: string }>(
    'SELECT p.account_id, p.domain_id, d.path FROM project p JOIN domain d ON d.id = p.domain_id WHERE p.id = ? FOR UPDATE',
    [projectId],
  );
  if (!held) throw notFound('projectid', projectId);
  const project = { accountId: held.account_id, domainId: held.domain_id, domainPath: held.path };
  const owner = await ownerOf(tx, caller, {
    account,
    domainId: account === undefined ? undefined : held.domain_id,
  }).catch((error: unknown) => {
    // What is wrong with the account is told to administrators above the project; users answer for their own alone.
    throw caller.role !== 'user' && mayAccess(caller, project) ? error : notFound('projectid', projectId);
  });
  const open = (await invitationsOf(tx, projectId, owner.accountId)).filter(({ state }) => state === 'Pending');
  const isFor = ({ user_id }: InvitationRow) =>
    // What is meant for one user is that user's to answer; administrators answer for anybody.
    userId === undefined ? user_id === null || user_id === caller.userId : user_id === userId;
  const found = open.find((one) => isFor(one) && (one.user_id === null || mayAnswerFor(caller, one.user_id)));
  if (!found) throw notFound('projectid', projectId);
  return found;
}

const mayAnswerFor = (caller: Caller, userId: string) => caller.role !== 'user' || caller.userId === userId;
