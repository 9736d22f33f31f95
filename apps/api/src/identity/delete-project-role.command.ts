import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteProjectRole } from '@durastack/contracts/identity/delete-project-role';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';

/** Removes a role of a project. */
@Handles(deleteProjectRole)
export class DeleteProjectRoleHandler implements CommandHandler<typeof deleteProjectRole> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, projectId }: ParamsOf<typeof deleteProjectRole>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      const role = await requireProjectRole(tx, project, id, 'id');
      const members = await tx.query(
        `SELECT 1 FROM project_member WHERE project_id = ? AND project_role_id = ?
          UNION ALL SELECT 1 FROM project_invitation WHERE project_id = ? AND project_role_id = ? AND state = 'Pending'`,
        [projectId, id, projectId, id],
      );
      // Without their role they would have every right of a member.
      if (members.length > 0)
        throw new DurastackError(
          'CONFLICT',
          `${members.length} members or invitations of the project have the role ${role.name}; remove them first.`,
        );
      await tx.execute('DELETE FROM role_permission WHERE role_id = ?', [id]);
      await tx.execute('DELETE FROM project_role WHERE id = ?', [id]);
    });
  }
}
