import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableAccount } from '@durastack/contracts/identity/disable-account';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { stopMachinesOf } from '../compute/stop-machines.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { setAccountState } from './account-state.js';
import { RoleBook } from './role-book.js';

/** Disables or locks an account. */
@Handles(disableAccount)
export class DisableAccountHandler implements CommandHandler<typeof disableAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof disableAccount>): Promise<ResultOf<typeof disableAccount>> {
    const { platform, roles } = this;
    const id = await setAccountState({ platform, roles, call }, params, params.lock ? 'locked' : 'disabled');
    if (!params.lock) await stopMachinesOf(platform, call, id);
    return readOne(autocommit(platform.database), accounts, call.caller, id);
  }
}
