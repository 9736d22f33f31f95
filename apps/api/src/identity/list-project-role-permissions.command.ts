import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listProjectRolePermissions } from '@durastack/contracts/identity/list-project-role-permissions';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireProjectRole } from './project-roles.js';
import { requireProject } from './project-rows.js';

type Rule = ResultOf<typeof listProjectRolePermissions>;

/** Lists the rules of roles of a project, in their order. */
@Handles(listProjectRolePermissions)
export class ListProjectRolePermissionsHandler implements CommandHandler<typeof listProjectRolePermissions> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { projectId, projectRoleId }: ParamsOf<typeof listProjectRolePermissions>,
  ): Promise<Rule[]> {
    const tx = autocommit(this.platform.database);
    const project = await requireProject(tx, call.caller, { id: projectId, parameter: 'projectid' });
    if (projectRoleId !== undefined) await requireProjectRole(tx, project, projectRoleId, 'projectroleid');
    const rows = await tx.query<Rule & { readonly description: string | null }>(
      `SELECT p.id, r.project_id AS projectId, r.id AS projectRoleId, r.name AS projectRoleName, p.rule, p.permission,
         p.description FROM project_role r JOIN role_permission p ON p.role_id = r.id
        WHERE r.project_id = ? AND (? IS NULL OR r.id = ?) ORDER BY r.id, p.sort_order`,
      [project.id, projectRoleId ?? null, projectRoleId ?? null],
    );
    return rows.map(({ description, ...row }) => ({ ...row, ...(description === null ? {} : { description }) }));
  }
}
