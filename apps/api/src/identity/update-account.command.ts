import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateAccount } from '@durastack/contracts/identity/update-account';
import { orConflict, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount, grantableRole, type AccountRow, type GrantedRole } from './administered.js';
import { RoleBook } from './role-book.js';

/** Renames an account or gives it another role. */
@Handles(updateAccount)
export class UpdateAccountHandler implements CommandHandler<typeof updateAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof updateAccount>): Promise<ResultOf<typeof updateAccount>> {
    const { database } = this.platform;
    if (params.id === undefined && params.account === undefined)
      throw new DurastackError('INVALID_INPUT', 'Name the account by id, or by account and domainid.');
    const id = params.id ?? (await ownerOf(autocommit(database), call.caller, params)).accountId;
    const updated = transaction(database, async (tx) => {
      const account = await administeredAccount(tx, call.caller, id);
      await this.roles.requireCovers(tx, call.caller, account.role_id);
      const role =
        params.roleId === undefined || params.roleId === account.role_id
          ? undefined
          : await this.newRole(tx, call, { roleId: params.roleId, account });
      await updateRow(
        tx,
        { type: 'account', id },
        { name: params.newName, role: role?.callerClass, role_id: role?.id },
      );
    });
    await orConflict(updated, `Account with name ${params.newName} already exists in the domain.`);
    return readOne(autocommit(database), accounts, call.caller, id);
  }

  private newRole(
    tx: Tx,
    { caller }: Call,
    { roleId, account }: { roleId: string; account: AccountRow },
  ): Promise<GrantedRole> {
    if (account.id === caller.accountId)
      throw new DurastackError('INVALID_INPUT', 'Nobody can change the role of the own account.');
    if (account.is_default === 1)
      throw new DurastackError(
        'INVALID_INPUT',
        `The account ${account.name} came with the product and keeps its role.`,
      );
    return grantableRole(tx, { caller, roles: this.roles }, { roleId });
  }
}
