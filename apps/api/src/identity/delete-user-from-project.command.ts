import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteUserFromProject } from '@durastack/contracts/identity/delete-user-from-project';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { removeMember, requireManagedProject } from './project-rows.js';

/** Takes one user from a project. */
@Handles(deleteUserFromProject)
export class DeleteUserFromProjectHandler implements CommandHandler<typeof deleteUserFromProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteUserFromProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.projectId, 'projectid');
      const [member] = await tx.query<{ account_id: string }>(
        'SELECT account_id FROM project_member WHERE project_id = ? AND user_id = ?',
        [project.id, params.userId],
      );
      if (!member)
        throw new DurastackError(
          'INVALID_INPUT',
          `The user ${params.userId} is no member of the project ${project.name} by itself.`,
        );
      await removeMember(tx, project, { accountId: member.account_id, userId: params.userId });
    });
  }
}
