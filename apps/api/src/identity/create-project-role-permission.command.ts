import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { invariant } from '@durastack/contracts/errors';
import { createProjectRolePermission } from '@durastack/contracts/identity/create-project-role-permission';
import { orConflict } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { renewProjectRole, requireProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';
import { appendRules } from './role-rows.js';

/** Adds a rule to a role of a project. */
@Handles(createProjectRolePermission)
export class CreateProjectRolePermissionHandler implements CommandHandler<typeof createProjectRolePermission> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createProjectRolePermission>,
  ): Promise<ResultOf<typeof createProjectRolePermission>> {
    const { projectId, projectRoleId, rule, permission, description } = params;
    const created = transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      const role = await requireProjectRole(tx, project, projectRoleId, 'projectroleid');
      const [id] = await appendRules(tx, projectRoleId, [{ rule, permission, description }]);
      invariant(id, 'A rule was written without an id.');
      await renewProjectRole(tx, projectRoleId);
      return {
        ...{ id, projectId, projectRoleId, projectRoleName: role.name, rule, permission },
        ...(description === undefined ? {} : { description }),
      };
    });
    return orConflict(created, `The role has a rule ${rule} already; change that one (updateProjectRolePermission).`);
  }
}
