import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { addUserToProject } from '@durastack/contracts/identity/add-user-to-project';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { addMember, requireManagedProject } from './project-rows.js';

/** Makes one user a member of a project. */
@Handles(addUserToProject)
export class AddUserToProjectHandler implements CommandHandler<typeof addUserToProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addUserToProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.projectId, 'projectid');
      const [user] = await tx.query<{ id: string; account_id: string }>(
        `SELECT u.id, u.account_id FROM user u JOIN account a ON a.id = u.account_id
          WHERE u.username = ? AND a.domain_id = ? AND u.state <> 'removed'`,
        [params.username, project.domain_id],
      );
      if (!user)
        throw new DurastackError(
          'INVALID_INPUT',
          `There is no user ${params.username} in the domain of the project ${project.name}.`,
        );
      const role = params.roleType ?? 'Regular';
      await addMember(tx, project, { accountId: user.account_id, userId: user.id, role });
    });
  }
}
