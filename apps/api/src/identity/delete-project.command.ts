import type { ParamsOf } from '@durastack/contracts/command';
import { deleteProject } from '@durastack/contracts/identity/delete-project';
import { refuseWhileUsed } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { OWNED_THINGS } from './delete-account.command.js';
import { requireManagedProject } from './project-rows.js';

/** Removes a project that owns nothing any more. Its row stays for events. */
@Handles(deleteProject)
export class DeleteProjectHandler implements CommandHandler<typeof deleteProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.id);
      const account = [project.account_id];
      await refuseWhileUsed(tx, { type: 'project', id: project.id }, OWNED_THINGS, project.account_id);
      await tx.execute(
        'DELETE p FROM role_permission p JOIN project_role r ON r.id = p.role_id WHERE r.project_id = ?',
        [project.id],
      );
      for (const table of ['project_member', 'project_invitation', 'project_role'])
        await tx.execute(`DELETE FROM ${table} WHERE project_id = ?`, [project.id]);
      await tx.execute('DELETE FROM affinity_group WHERE account_id = ?', account);
      await tx.execute('DELETE FROM ssh_key_pair WHERE account_id = ?', account);
      await tx.execute("UPDATE account SET state = 'removed' WHERE id = ?", account);
      // The name is free again.
      await tx.execute(
        "UPDATE project SET state = 'Removed', name = CONCAT(LEFT(name, 200), ' (', id, ')') WHERE id = ?",
        [project.id],
      );
    });
  }
}
