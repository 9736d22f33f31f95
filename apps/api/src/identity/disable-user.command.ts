import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableUser } from '@durastack/contracts/identity/disable-user';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { users } from '@durastack/store/lists/identity/users.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { setUserState } from './account-state.js';
import { RoleBook } from './role-book.js';

/** Disables a user. */
@Handles(disableUser)
export class DisableUserHandler implements CommandHandler<typeof disableUser> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof disableUser>): Promise<ResultOf<typeof disableUser>> {
    const { platform, roles } = this;
    await setUserState({ platform, roles, call }, params.id, 'disabled');
    return readOne(autocommit(platform.database), users, call.caller, params.id);
  }
}
