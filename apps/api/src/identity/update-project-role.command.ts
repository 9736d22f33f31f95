import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateProjectRole } from '@durastack/contracts/identity/update-project-role';
import { orConflict } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { projectRoleOf, requireProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';

/** Changes a role of a project. */
@Handles(updateProjectRole)
export class UpdateProjectRoleHandler implements CommandHandler<typeof updateProjectRole> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { id, projectId, name, description }: ParamsOf<typeof updateProjectRole>,
  ): Promise<ResultOf<typeof updateProjectRole>> {
    const changed = transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      const role = await requireProjectRole(tx, project, id, 'id');
      await tx.execute('UPDATE project_role SET name = ?, description = ? WHERE id = ?', [
        name ?? role.name,
        description ?? role.description,
        id,
      ]);
      return projectRoleOf(await requireProjectRole(tx, project, id, 'id'));
    });
    return orConflict(changed, `The project has a role ${name} already.`);
  }
}
