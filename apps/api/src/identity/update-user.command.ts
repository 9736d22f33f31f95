import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateUser } from '@durastack/contracts/identity/update-user';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { users } from '@durastack/store/lists/identity/users.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ownOrAdministeredUser, requireActingAs, refuseTakenName, type AdministeredUser } from './administered.js';
import { hashNewPassword } from './password-policy.js';
import { hasPassword, verifyPassword } from './passwords.js';
import { RoleBook } from './role-book.js';

/** Changes a user. */
@Handles(updateUser)
export class UpdateUserHandler implements CommandHandler<typeof updateUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof updateUser>): Promise<ResultOf<typeof updateUser>> {
    const { database } = this.platform;
    const before = await ownOrAdministeredUser(autocommit(database), call.caller, params.id);
    await requireActingAs(autocommit(database), { caller: call.caller, roles: this.roles }, before);
    const passwordHash = await this.newPasswordHash(call, params, before);
    await transaction(database, async (tx) => {
      await requireRow(tx, { type: 'domain', id: before.domain_id }, { lock: 'update' });
      const user = await ownOrAdministeredUser(tx, call.caller, params.id);
      if (params.username !== undefined) await refuseTakenName(tx, params.username, user.domain_id, user.id);
      await updateRow(
        tx,
        { type: 'user', id: user.id },
        {
          username: params.username,
          first_name: params.firstName,
          last_name: params.lastName,
          email: params.email,
          password_hash: passwordHash,
        },
      );
      // Whoever knew the old password is logged out.
      if (passwordHash !== undefined)
        await tx.execute('DELETE FROM session WHERE user_id = ? AND id <> ?', [user.id, call.session?.id ?? '']);
    });
    return readOne(autocommit(database), users, call.caller, params.id);
  }

  private async newPasswordHash(
    call: Call,
    params: ParamsOf<typeof updateUser>,
    user: AdministeredUser,
  ): Promise<string | undefined> {
    if (params.password === undefined) return undefined;
    const asked = user.id === call.caller.userId && hasPassword(user.password_hash);
    if (asked && !(await verifyPassword(user.password_hash, params.currentPassword ?? '')))
      throw new DurastackError('INVALID_INPUT', 'Current password is incorrect; give it as currentpassword.');
    const named = { username: params.username ?? user.username, domainId: user.domain_id };
    return hashNewPassword(this.platform, named, params.password);
  }
}
