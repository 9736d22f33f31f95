import type { ParamsOf } from '@durastack/contracts/command';
import { updateRolePermission } from '@durastack/contracts/identity/update-role-permission';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { changeRules, renewRole, requireOwnRole } from './role-rows.js';

/** Changes what a rule does, or the order of a role's rules. */
@Handles(updateRolePermission)
export class UpdateRolePermissionHandler implements CommandHandler<typeof updateRolePermission> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof updateRolePermission>): Promise<void> {
    const { roleId, ...change } = params;
    await transaction(this.platform.database, async (tx) => {
      await requireOwnRole(tx, roleId, 'roleid');
      await changeRules(tx, roleId, { ...change, parameter: 'ruleid' });
      await renewRole(tx, roleId);
      await this.roles.requireCovers(tx, call.caller, roleId);
    });
  }
}
