import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateAccount } from '@durastack/contracts/identity/update-account';
import { orConflict, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount, grantableRole } from './administered.js';

/** Renames an account or gives it another role. */
@Handles(updateAccount)
export class UpdateAccountHandler implements CommandHandler<typeof updateAccount> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateAccount>): Promise<ResultOf<typeof updateAccount>> {
    const { database } = this.platform;
    if (params.id === undefined && params.account === undefined)
      throw new DurastackError('INVALID_INPUT', 'Name the account by id, or by account and domainid.');
    const id = params.id ?? (await ownerOf(autocommit(database), call.caller, params)).accountId;
    const role = params.roleId === undefined ? undefined : grantableRole(call.caller, params).role;
    const updated = transaction(database, async (tx) => {
      const account = await administeredAccount(tx, call.caller, id);
      if (role !== undefined && role !== account.role && account.id === call.caller.accountId)
        throw new DurastackError('INVALID_INPUT', 'Nobody can change the role of the own account.');
      await updateRow(tx, { type: 'account', id }, { name: params.newName, role });
    });
    await orConflict(updated, `Account with name ${params.newName} already exists in the domain.`);
    return readOne(autocommit(database), accounts, call.caller, id);
  }
}
