import type { ParamsOf } from '@durastack/contracts/command';
import { enableRole } from '@durastack/contracts/identity/enable-role';
import { updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { renewRole, requireOwnRole } from './role-rows.js';

/** Lets those who have a role act again. */
@Handles(enableRole)
export class EnableRoleHandler implements CommandHandler<typeof enableRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof enableRole>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const role = await requireOwnRole(tx, params.id);
      await this.roles.requireCovers(tx, call.caller, role.id);
      await updateRow(tx, { type: 'role', id: role.id }, { state: 'enabled' });
      await renewRole(tx, role.id);
    });
  }
}
