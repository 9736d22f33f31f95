import type { ParamsOf } from '@durastack/contracts/command';
import { deleteRole } from '@durastack/contracts/identity/delete-role';
import { refuseWhileUsed } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { requireOwnRole, ROLE_USERS } from './role-rows.js';

/** Removes a role. */
@Handles(deleteRole)
export class DeleteRoleHandler implements CommandHandler<typeof deleteRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof deleteRole>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const role = await requireOwnRole(tx, params.id);
      await this.roles.requireCovers(tx, call.caller, role.id);
      await refuseWhileUsed(tx, { type: 'role', id: role.id }, ROLE_USERS);
      await tx.execute('DELETE FROM role_permission WHERE role_id = ?', [role.id]);
      await tx.execute('DELETE FROM role WHERE id = ?', [role.id]);
    });
  }
}
