import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { lockUser } from '@durastack/contracts/identity/lock-user';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { users } from '@durastack/store/lists/identity/users.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { setUserState } from './account-state.js';
import { RoleBook } from './role-book.js';

/** Locks a user out. */
@Handles(lockUser)
export class LockUserHandler implements CommandHandler<typeof lockUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof lockUser>): Promise<ResultOf<typeof lockUser>> {
    const { platform, roles } = this;
    await setUserState({ platform, roles, call }, params.id, 'locked');
    return readOne(autocommit(platform.database), users, call.caller, params.id);
  }
}
