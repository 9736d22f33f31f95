import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { moveUser } from '@durastack/contracts/identity/move-user';
import { updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { notFound, ownerOf } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount, ownOrAdministeredUser, requireActingAs } from './administered.js';
import { RoleBook } from './role-book.js';

/** Moves a user to another account of its domain. */
@Handles(moveUser)
export class MoveUserHandler implements CommandHandler<typeof moveUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof moveUser>): Promise<void> {
    if ((params.accountId === undefined) === (params.account === undefined))
      throw new DurastackError('INVALID_INPUT', 'Name the account either by accountid or by account.');
    await transaction(this.platform.database, async (tx) => {
      const user = await ownOrAdministeredUser(tx, call.caller, params.id);
      if (user.id === call.caller.userId) throw new DurastackError('INVALID_INPUT', 'Nobody can move the own user.');
      if (user.is_default === 1)
        throw new DurastackError('INVALID_INPUT', `The user ${user.username} came with the product and stays.`);
      await requireActingAs(tx, { caller: call.caller, roles: this.roles }, user);
      const named = { account: params.account, domainId: user.domain_id };
      const id = params.accountId ?? (await ownerOf(tx, call.caller, named)).accountId;
      const account = await administeredAccount(tx, call.caller, id, 'accountid');
      if (account.domain_id !== user.domain_id) throw notFound('accountid', id);
      await this.roles.requireCovers(tx, call.caller, account.role_id);
      await updateRow(tx, { type: 'user', id: user.id }, { account_id: account.id });
      await tx.execute('DELETE FROM project_member WHERE user_id = ?', [user.id]);
      await tx.execute('DELETE FROM session WHERE user_id = ?', [user.id]);
    });
  }
}
