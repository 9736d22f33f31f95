import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { registerUserKeys } from '@durastack/contracts/identity/register-user-keys';
import { transaction } from '@durastack/store/database/transaction';
import { newUserKeys, storeUserKeys } from '@durastack/store/seed';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ownOrAdministeredUser, requireActingAs } from './administered.js';
import { RoleBook } from './role-book.js';

/** Gives a user new keys. */
@Handles(registerUserKeys)
export class RegisterUserKeysHandler implements CommandHandler<typeof registerUserKeys> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof registerUserKeys>): Promise<ResultOf<typeof registerUserKeys>> {
    return transaction(this.platform.database, async (tx) => {
      const user = await ownOrAdministeredUser(tx, call.caller, params.id);
      await requireActingAs(tx, { caller: call.caller, roles: this.roles }, user);
      const keys = newUserKeys();
      await storeUserKeys(tx, this.platform.secrets, user.id, keys);
      return keys;
    });
  }
}
