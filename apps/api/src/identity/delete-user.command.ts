import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteUser } from '@durastack/contracts/identity/delete-user';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ownOrAdministeredUser, requireActingAs } from './administered.js';
import { RoleBook } from './role-book.js';

/** Removes a user. The row stays for events. */
@Handles(deleteUser)
export class DeleteUserHandler implements CommandHandler<typeof deleteUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof deleteUser>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const user = await ownOrAdministeredUser(tx, call.caller, params.id);
      await requireActingAs(tx, { caller: call.caller, roles: this.roles }, user);
      if (user.id === call.caller.userId) throw new DurastackError('INVALID_INPUT', 'Nobody can remove the own user.');
      if (user.is_default === 1)
        throw new DurastackError('INVALID_INPUT', `The user ${user.username} came with the product and stays.`);
      for (const table of ['project_member', 'project_invitation'])
        await tx.execute(`DELETE FROM ${table} WHERE user_id = ?`, [user.id]);
      await tx.execute('DELETE FROM session WHERE user_id = ?', [user.id]);
      await tx.execute("UPDATE user SET state = 'removed', api_key = NULL, secret_key_sealed = NULL WHERE id = ?", [
        user.id,
      ]);
    });
  }
}
