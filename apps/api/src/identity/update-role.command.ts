import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateRole } from '@durastack/contracts/identity/update-role';
import { orConflict, refuseWhileUsed, updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { renewRole, requireOwnRole, requireRole, roleOfRow, ROLE_USERS } from './role-rows.js';

/** Changes a role. */
@Handles(updateRole)
export class UpdateRoleHandler implements CommandHandler<typeof updateRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof updateRole>): Promise<ResultOf<typeof updateRole>> {
    return transaction(this.platform.database, async (tx) => {
      const role = await requireOwnRole(tx, params.id);
      // How far accounts see stands in their rows.
      if (params.type !== undefined && params.type !== role.type)
        await refuseWhileUsed(tx, { type: 'role', id: role.id }, ROLE_USERS);
      const { name, type, description, isPublic } = params;
      const renamed = updateRow(tx, { type: 'role', id: role.id }, { name, type, description, is_public: isPublic });
      await orConflict(renamed, `A role ${name ?? role.name} of type ${type ?? role.type} exists already.`);
      await renewRole(tx, role.id);
      await this.roles.requireCovers(tx, call.caller, role.id);
      return roleOfRow(await requireRole(tx, role.id, 'id'));
    });
  }
}
