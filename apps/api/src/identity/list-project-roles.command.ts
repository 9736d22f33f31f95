import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listProjectRoles } from '@durastack/contracts/identity/list-project-roles';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { projectRoleOf, type ProjectRoleRow } from './project-roles.js';
import { requireProject } from './project-rows.js';

/** Lists the roles of a project. */
@Handles(listProjectRoles)
export class ListProjectRolesHandler implements CommandHandler<typeof listProjectRoles> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { projectId, projectRoleId, name }: ParamsOf<typeof listProjectRoles>,
  ): Promise<ResultOf<typeof listProjectRoles>[]> {
    const tx = autocommit(this.platform.database);
    const project = await requireProject(tx, call.caller, { id: projectId, parameter: 'projectid' });
    const rows = await tx.query<ProjectRoleRow>(
      `SELECT * FROM project_role WHERE project_id = ? AND (? IS NULL OR id = ?) AND (? IS NULL OR name = ?) ORDER BY id`,
      [project.id, projectRoleId ?? null, projectRoleId ?? null, name ?? null, name ?? null],
    );
    return rows.map(projectRoleOf);
  }
}
