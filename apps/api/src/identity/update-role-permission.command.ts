import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateRolePermission } from '@durastack/contracts/identity/update-role-permission';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { renewRole, requireOwnRole } from './role-rows.js';

/** Changes what a rule does, or the order of a role's rules. */
@Handles(updateRolePermission)
export class UpdateRolePermissionHandler implements CommandHandler<typeof updateRolePermission> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof updateRolePermission>): Promise<void> {
    const { roleId, ruleId, permission, ruleOrder } = params;
    if ((ruleOrder === undefined) === (ruleId === undefined) || (ruleId === undefined) !== (permission === undefined))
      throw new DurastackError('INVALID_INPUT', 'Give either ruleorder, or ruleid with its new permission.');
    await transaction(this.platform.database, async (tx) => {
      await requireOwnRole(tx, roleId, 'roleid');
      const rules = await tx.query<{ id: string }>('SELECT id FROM role_permission WHERE role_id = ?', [roleId]);
      const ids = new Set(rules.map(({ id }) => id));
      if (ruleId !== undefined) {
        if (!ids.has(ruleId)) throw notFound('ruleid', ruleId);
        await tx.execute('UPDATE role_permission SET permission = ? WHERE id = ?', [permission, ruleId]);
      }
      if (ruleOrder !== undefined) await reorder(tx, ruleOrder, ids);
      await renewRole(tx, roleId);
      await this.roles.requireCovers(tx, call.caller, roleId);
    });
  }
}

async function reorder(tx: Tx, order: readonly string[], ids: ReadonlySet<string>): Promise<void> {
  const wanted = new Set(order);
  if (wanted.size !== order.length || wanted.size !== ids.size || order.some((id) => !ids.has(id)))
    throw new DurastackError(
      'INVALID_INPUT',
      `ruleorder must name each of the ${ids.size} rules of the role once; list them again (listRolePermissions).`,
    );
  for (const [index, id] of order.entries())
    await tx.execute('UPDATE role_permission SET sort_order = ? WHERE id = ?', [index, id]);
}
