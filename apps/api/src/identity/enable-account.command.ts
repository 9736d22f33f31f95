import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { enableAccount } from '@durastack/contracts/identity/enable-account';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { setAccountState } from './account-state.js';
import { RoleBook } from './role-book.js';

/** Lets an account act again. */
@Handles(enableAccount)
export class EnableAccountHandler implements CommandHandler<typeof enableAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof enableAccount>): Promise<ResultOf<typeof enableAccount>> {
    const { platform, roles } = this;
    const id = await setAccountState({ platform, roles, call }, params, 'enabled');
    return readOne(autocommit(platform.database), accounts, call.caller, id);
  }
}
