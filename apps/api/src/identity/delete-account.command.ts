import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { deleteAccount } from '@durastack/contracts/identity/delete-account';
import { refuseWhileUsed, type Obstacle } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount } from './administered.js';
import { RoleBook } from './role-book.js';

/** What an account must not own any more when it goes. */
export const OWNED_THINGS: readonly Obstacle[] = [
  { table: 'virtual_machine', where: "account_id = ? AND state <> 'Expunged'", what: 'virtual machines' },
  { table: 'volume', where: "account_id = ? AND state <> 'Expunged'", what: 'volumes' },
  { table: 'template', where: "account_id = ? AND state <> 'Removed'", what: 'templates' },
  { table: 'network', where: "account_id = ? AND state <> 'Removed'", what: 'networks' },
  { table: 'public_ip', where: 'account_id = ?', what: 'public addresses' },
  { table: 'vlan_ip_range', where: 'account_id = ?', what: 'ranges of public addresses' },
  { table: 'dedication', where: 'account_id = ?', what: 'dedicated places' },
];

const OBSTACLES: readonly Obstacle[] = [
  ...OWNED_THINGS,
  {
    table: 'project_member',
    where: `account_id = ? AND role = 'Admin' AND NOT EXISTS (SELECT 1 FROM project_member other
      WHERE other.project_id = project_member.project_id AND other.role = 'Admin' AND other.account_id <> project_member.account_id)`,
    what: 'projects without another administrator',
  },
];

/** Removes an account that owns nothing any more. Rows of account and users stay for events. */
@Handles(deleteAccount)
export class DeleteAccountHandler implements CommandHandler<typeof deleteAccount> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof deleteAccount>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const account = await administeredAccount(tx, call.caller, params.id);
      if (account.id === call.caller.accountId)
        throw new DurastackError('INVALID_INPUT', 'Nobody can remove the own account.');
      if (account.is_default === 1)
        throw new DurastackError('INVALID_INPUT', `The account ${account.name} came with the product and stays.`);
      await this.roles.requireCovers(tx, call.caller, account.role_id);
      await refuseWhileUsed(tx, { type: 'account', id: account.id }, OBSTACLES);
      for (const table of ['project_member', 'project_invitation'])
        await tx.execute(`DELETE FROM ${table} WHERE account_id = ?`, [account.id]);
      await tx.execute('DELETE s FROM session s JOIN user u ON u.id = s.user_id WHERE u.account_id = ?', [account.id]);
      await tx.execute(
        "UPDATE user SET state = 'removed', api_key = NULL, secret_key_sealed = NULL WHERE account_id = ?",
        [account.id],
      );
      await tx.execute('DELETE FROM affinity_group WHERE account_id = ?', [account.id]);
      await tx.execute('DELETE FROM ssh_key_pair WHERE account_id = ?', [account.id]);
      // The name is free again.
      await tx.execute(
        "UPDATE account SET state = 'removed', name = CONCAT(LEFT(name, 200), ' (', id, ')') WHERE id = ?",
        [account.id],
      );
    });
  }
}
