import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createAccount } from '@durastack/contracts/identity/create-account';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredDomain, grantableRole, refuseTakenName } from './administered.js';
import { hashNewPassword } from './password-policy.js';
import { RoleBook } from './role-book.js';

/** Creates an account with its first user. */
@Handles(createAccount)
export class CreateAccountHandler implements CommandHandler<typeof createAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof createAccount>): Promise<ResultOf<typeof createAccount>> {
    const [accountId, userId] = [newId(), newId()];
    const name = params.account ?? params.username;
    const { database } = this.platform;
    const domainId = params.domainId ?? call.caller.domainId;
    await administeredDomain(autocommit(database), call.caller, domainId, 'domainid');
    const passwordHash = await hashNewPassword(this.platform, { username: params.username, domainId }, params.password);
    const created = transaction(database, async (tx) => {
      const domain = await administeredDomain(tx, call.caller, domainId, 'domainid');
      await refuseTakenName(tx, params.username, domain.id);
      const role = await grantableRole(tx, { caller: call.caller, roles: this.roles }, params);
      const now = new Date();
      await insertRow(tx, 'account', {
        id: accountId,
        domain_id: domain.id,
        name,
        role: role.callerClass,
        role_id: role.id,
        state: 'enabled',
        created_at: now,
      });
      await insertRow(tx, 'user', {
        id: userId,
        account_id: accountId,
        username: params.username,
        first_name: params.firstName,
        last_name: params.lastName,
        email: params.email,
        password_hash: passwordHash,
        state: 'enabled',
        created_at: now,
      });
    });
    await orConflict(created, `Account with name ${name} already exists in the domain.`);
    return readOne(autocommit(database), accounts, call.caller, accountId);
  }
}
