import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createUser } from '@durastack/contracts/identity/create-user';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { users } from '@durastack/store/lists/identity/users.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount, administeredDomain, refuseTakenName } from './administered.js';
import { hashNewPassword } from './password-policy.js';
import { RoleBook } from './role-book.js';

/** Adds a user to an account. */
@Handles(createUser)
export class CreateUserHandler implements CommandHandler<typeof createUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof createUser>): Promise<ResultOf<typeof createUser>> {
    const id = newId();
    const { database } = this.platform;
    const { domainId } = await ownerOf(autocommit(database), call.caller, params);
    const passwordHash = await hashNewPassword(this.platform, { username: params.username, domainId }, params.password);
    await transaction(database, async (tx) => {
      const owner = await ownerOf(tx, call.caller, params);
      await administeredDomain(tx, call.caller, owner.domainId, 'domainid');
      const account = await administeredAccount(tx, call.caller, owner.accountId, 'account');
      await this.roles.requireCovers(tx, call.caller, account.role_id);
      await refuseTakenName(tx, params.username, owner.domainId);
      await insertRow(tx, 'user', {
        id,
        account_id: owner.accountId,
        username: params.username,
        first_name: params.firstName,
        last_name: params.lastName,
        email: params.email,
        password_hash: passwordHash,
        state: 'enabled',
        created_at: new Date(),
      });
    });
    return readOne(autocommit(database), users, call.caller, id);
  }
}
