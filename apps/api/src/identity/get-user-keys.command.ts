import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { getUserKeys } from '@durastack/contracts/identity/get-user-keys';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ownOrAdministeredUser, requireActingAs } from './administered.js';
import { RoleBook } from './role-book.js';

/** Gives a user's keys. */
@Handles(getUserKeys)
export class GetUserKeysHandler implements CommandHandler<typeof getUserKeys> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof getUserKeys>): Promise<ResultOf<typeof getUserKeys>> {
    const { database, secrets } = this.platform;
    const tx = autocommit(database);
    const user = await ownOrAdministeredUser(tx, call.caller, params.id);
    await requireActingAs(tx, { caller: call.caller, roles: this.roles }, user);
    if (user.api_key === null || user.secret_key_sealed === null) return {};
    return { apiKey: user.api_key, secretKey: secrets.open(user.secret_key_sealed, `user:${user.id}`) };
  }
}
