import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteAccount } from '@durastack/contracts/identity/delete-account';
import { transaction } from '@durastack/store/database/transaction';
import { refuseSoleAdministrator } from '@durastack/store/identity/removal';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptRemoval } from './accept-removal.js';
import { administeredAccount } from './administered.js';
import { RoleBook } from './role-book.js';

/** Accepts the removal of an account with everything that it owns. */
@Handles(deleteAccount)
export class DeleteAccountHandler implements CommandHandler<typeof deleteAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteAccount>): Promise<StartedOperation> {
    const resource = { type: 'account', id } as const;
    const { name } = await transaction(this.platform.database, async (tx) => {
      const account = await administeredAccount(tx, call.caller, id);
      if (account.id === call.caller.accountId)
        throw new DurastackError('INVALID_INPUT', 'Nobody can remove the own account.');
      if (account.is_default === 1)
        throw new DurastackError('INVALID_INPUT', `The account ${account.name} came with the product and stays.`);
      await this.roles.requireCovers(tx, call.caller, account.role_id);
      return account;
    });
    return acceptRemoval(this.platform, call, {
      ...{ command: deleteAccount, resource, name },
      check: (tx) => refuseSoleAdministrator(tx, resource),
    });
  }
}
