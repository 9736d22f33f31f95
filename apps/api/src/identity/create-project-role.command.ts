import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createProjectRole } from '@durastack/contracts/identity/create-project-role';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { projectRoleOf, requireProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';

/** Creates a role of a project. */
@Handles(createProjectRole)
export class CreateProjectRoleHandler implements CommandHandler<typeof createProjectRole> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { projectId, name, description }: ParamsOf<typeof createProjectRole>,
  ): Promise<ResultOf<typeof createProjectRole>> {
    const created = transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      const id = newId();
      await insertRow(tx, 'project_role', { id, project_id: projectId, name, description, created_at: new Date() });
      return projectRoleOf(await requireProjectRole(tx, project, id, 'id'));
    });
    return orConflict(created, `The project has a role ${name} already.`);
  }
}
