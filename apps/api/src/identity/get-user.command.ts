import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { getUser } from '@durastack/contracts/identity/get-user';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { users } from '@durastack/store/lists/identity/users.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Finds a user by its API key. */
@Handles(getUser)
export class GetUserHandler implements CommandHandler<typeof getUser> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, { userApiKey }: ParamsOf<typeof getUser>): Promise<ResultOf<typeof getUser>> {
    const tx = autocommit(this.platform.database);
    const [user] = await tx.query<{ id: string }>('SELECT id FROM user WHERE api_key = ?', [userApiKey]);
    const none = new DurastackError('NOT_FOUND', 'User with given API key does not exist.');
    if (!user) throw none;
    try {
      return await readOne(tx, users, caller, user.id);
    } catch (error) {
      if (isDurastackError(error, 'NOT_FOUND')) throw none;
      throw error;
    }
  }
}
