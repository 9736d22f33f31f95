import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { lockAccount } from '@durastack/contracts/identity/lock-account';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { setAccountState } from './account-state.js';
import { RoleBook } from './role-book.js';

/** Locks an account. */
@Handles(lockAccount)
export class LockAccountHandler implements CommandHandler<typeof lockAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof lockAccount>): Promise<ResultOf<typeof lockAccount>> {
    const { platform, roles } = this;
    const id = await setAccountState({ platform, roles, call }, params, 'locked');
    return readOne(autocommit(platform.database), accounts, call.caller, id);
  }
}
