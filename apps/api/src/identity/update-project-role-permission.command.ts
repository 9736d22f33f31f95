import type { ParamsOf } from '@durastack/contracts/command';
import { updateProjectRolePermission } from '@durastack/contracts/identity/update-project-role-permission';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { renewProjectRole, requireProjectRole } from './project-roles.js';
import { requireManagedProject } from './project-rows.js';
import { changeRules } from './role-rows.js';

/** Changes what a rule of a role of a project does, or the order of its rules. */
@Handles(updateProjectRolePermission)
export class UpdateProjectRolePermissionHandler implements CommandHandler<typeof updateProjectRolePermission> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateProjectRolePermission>): Promise<void> {
    const { projectId, projectRoleId, projectRolePermissionId, permission, ruleOrder } = params;
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, projectId, 'projectid');
      await requireProjectRole(tx, project, projectRoleId, 'projectroleid');
      const ruleId = projectRolePermissionId;
      await changeRules(tx, projectRoleId, { ruleId, permission, ruleOrder, parameter: 'projectrolepermissionid' });
      await renewProjectRole(tx, projectRoleId);
    });
  }
}
