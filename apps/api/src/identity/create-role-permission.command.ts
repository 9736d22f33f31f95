import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createRolePermission } from '@durastack/contracts/identity/create-role-permission';
import { orConflict } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { appendRules, renewRole, requireOwnRole } from './role-rows.js';

/** Adds a rule to a role. */
@Handles(createRolePermission)
export class CreateRolePermissionHandler implements CommandHandler<typeof createRolePermission> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createRolePermission>,
  ): Promise<ResultOf<typeof createRolePermission>> {
    const { roleId, rule, permission, description } = params;
    const created = transaction(this.platform.database, async (tx) => {
      const role = await requireOwnRole(tx, roleId, 'roleid');
      const [id] = await appendRules(tx, roleId, [{ rule, permission, description }]);
      if (id === undefined) throw new DurastackError('BUG', 'A rule was written without an id.');
      await renewRole(tx, roleId);
      await this.roles.requireCovers(tx, call.caller, roleId);
      return {
        ...{ id, roleId, roleName: role.name, rule, permission },
        ...(description === undefined ? {} : { description }),
      };
    });
    return orConflict(created, `The role has a rule ${rule} already; change that one (updateRolePermission).`);
  }
}
