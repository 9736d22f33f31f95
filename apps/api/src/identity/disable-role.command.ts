import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { disableRole } from '@durastack/contracts/identity/disable-role';
import { updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { renewRole, requireOwnRole } from './role-rows.js';

/** Keeps those who have a role from acting. */
@Handles(disableRole)
export class DisableRoleHandler implements CommandHandler<typeof disableRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof disableRole>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const role = await requireOwnRole(tx, params.id);
      if (role.id === call.caller.accountRole.id)
        throw new DurastackError('INVALID_INPUT', 'Nobody can disable the own role.');
      await this.roles.requireCovers(tx, call.caller, role.id);
      await updateRow(tx, { type: 'role', id: role.id }, { state: 'disabled' });
      await renewRole(tx, role.id);
    });
  }
}
