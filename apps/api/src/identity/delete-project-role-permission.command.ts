import type { ParamsOf } from '@durastack/contracts/command';
import { deleteProjectRolePermission } from '@durastack/contracts/identity/delete-project-role-permission';
import { transaction } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { renewProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';

/** Takes a rule from a role of a project. */
@Handles(deleteProjectRolePermission)
export class DeleteProjectRolePermissionHandler implements CommandHandler<typeof deleteProjectRolePermission> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, projectId }: ParamsOf<typeof deleteProjectRolePermission>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      const [rule] = await tx.query<{ roleId: string }>(
        `SELECT r.id AS roleId FROM role_permission p JOIN project_role r ON r.id = p.role_id
          WHERE p.id = ? AND r.project_id = ?`,
        [id, project.id],
      );
      if (!rule) throw notFound('id', id);
      await tx.execute('DELETE FROM role_permission WHERE id = ?', [id]);
      await renewProjectRole(tx, rule.roleId);
    });
  }
}
