import type { ParamsOf } from '@durastack/contracts/command';
import { isDurastackError } from '@durastack/contracts/errors';
import { deleteProjectInvitation } from '@durastack/contracts/identity/delete-project-invitation';
import { transaction } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireManagedProject } from './project-rows.js';

/** Takes an invitation back. */
@Handles(deleteProjectInvitation)
export class DeleteProjectInvitationHandler implements CommandHandler<typeof deleteProjectInvitation> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteProjectInvitation>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const [invitation] = await tx.query<{ projectId: string }>(
        'SELECT project_id AS projectId FROM project_invitation WHERE id = ?',
        [id],
      );
      if (!invitation) throw notFound('id', id);
      try {
        await requireManagedProject(tx, call.caller, invitation.projectId);
      } catch (error) {
        // Who may not see the project does not learn of it by an invitation.
        throw isDurastackError(error, 'NOT_FOUND') ? notFound('id', id) : error;
      }
      await tx.execute('DELETE FROM project_invitation WHERE id = ?', [id]);
    });
  }
}
