import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { registerUserKeys } from '@durastack/contracts/identity/register-user-keys';
import { transaction } from '@durastack/store/database/transaction';
import { newUserKeys, storeUserKeys } from '@durastack/store/seed';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ownOrAdministeredUser } from './administered.js';

/** Gives a user new keys. */
@Handles(registerUserKeys)
export class RegisterUserKeysHandler implements CommandHandler<typeof registerUserKeys> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof registerUserKeys>): Promise<ResultOf<typeof registerUserKeys>> {
    return transaction(this.platform.database, async (tx) => {
      const user = await ownOrAdministeredUser(tx, call.caller, params.id);
      const keys = newUserKeys();
      await storeUserKeys(tx, this.platform.secrets, user.id, keys);
      return keys;
    });
  }
}
