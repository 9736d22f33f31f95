import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { markDefaultZoneForAccount } from '@durastack/contracts/identity/mark-default-zone-for-account';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { accounts } from '@durastack/store/lists/identity/accounts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { namedAccountId } from './account-state.js';
import { administeredAccount } from './administered.js';
import { RoleBook } from './role-book.js';

/** Notes the zone that an account is meant to use. */
@Handles(markDefaultZoneForAccount)
export class MarkDefaultZoneForAccountHandler implements CommandHandler<typeof markDefaultZoneForAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof markDefaultZoneForAccount>,
  ): Promise<ResultOf<typeof markDefaultZoneForAccount>> {
    const { platform, roles } = this;
    const id = await namedAccountId({ platform, roles, call }, params);
    await transaction(platform.database, async (tx) => {
      const account = await administeredAccount(tx, call.caller, id, 'account');
      await roles.requireCovers(tx, call.caller, account.role_id);
      await requireRow(tx, { type: 'zone', id: params.zoneId }, { parameter: 'zoneid', lock: 'share' });
      await updateRow(tx, { type: 'account', id }, { default_zone_id: params.zoneId });
    });
    return readOne(autocommit(platform.database), accounts, call.caller, id);
  }
}
