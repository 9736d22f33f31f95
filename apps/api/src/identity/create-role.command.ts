import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createRole } from '@durastack/contracts/identity/create-role';
import type { RoleRule } from '@durastack/contracts/identity/role-rules';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { appendRules, requireRole, roleOfRow, type RoleRow } from './role-rows.js';

/** Creates a role. */
@Handles(createRole)
export class CreateRoleHandler implements CommandHandler<typeof createRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof createRole>): Promise<ResultOf<typeof createRole>> {
    if ((params.type === undefined) === (params.roleId === undefined))
      throw new DurastackError('INVALID_INPUT', 'Give either the type of the role, or the roleid of one to copy.');
    const id = newId();
    const created = transaction(this.platform.database, async (tx) => {
      const copied = params.roleId === undefined ? undefined : await requireRole(tx, params.roleId, 'roleid');
      await insertRow(tx, 'role', {
        id,
        name: params.name,
        type: params.type ?? copied?.type,
        description: params.description,
        is_default: false,
        is_public: params.isPublic ?? true,
        state: 'enabled',
        created_at: new Date(),
      });
      if (copied) await appendRules(tx, id, await this.rulesOf(tx, copied));
      await this.roles.requireCovers(tx, call.caller, id);
      return roleOfRow(await requireRole(tx, id, 'id'));
    });
    return orConflict(created, `A role ${params.name} of this type exists already.`);
  }

  private async rulesOf(tx: Tx, role: RoleRow): Promise<readonly RoleRule[]> {
    if (role.is_default === 1) return this.roles.rulesOfBuiltIn(role);
    return tx.query('SELECT rule, permission, description FROM role_permission WHERE role_id = ? ORDER BY sort_order', [
      role.id,
    ]);
  }
}
