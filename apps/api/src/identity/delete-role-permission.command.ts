import type { ParamsOf } from '@durastack/contracts/command';
import { deleteRolePermission } from '@durastack/contracts/identity/delete-role-permission';
import { transaction } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { renewRole, requireOwnRole } from './role-rows.js';

/** Takes a rule from its role. */
@Handles(deleteRolePermission)
export class DeleteRolePermissionHandler implements CommandHandler<typeof deleteRolePermission> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof deleteRolePermission>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const [rule] = await tx.query<{ role_id: string }>('SELECT role_id FROM role_permission WHERE id = ?', [
        params.id,
      ]);
      if (!rule) throw notFound('id', params.id);
      await requireOwnRole(tx, rule.role_id);
      await tx.execute('DELETE FROM role_permission WHERE id = ?', [params.id]);
      await renewRole(tx, rule.role_id);
      // Without a rule that denies, a role may allow more.
      await this.roles.requireCovers(tx, call.caller, rule.role_id);
    });
  }
}
