import type { ParamsOf } from '@durastack/contracts/command';
import { deleteSshKeyPair } from '@durastack/contracts/compute/delete-ssh-key-pair';
import { DurastackError } from '@durastack/contracts/errors';
import { transaction } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Removes an SSH key pair by its name. */
@Handles(deleteSshKeyPair)
export class DeleteSshKeyPairHandler implements CommandHandler<typeof deleteSshKeyPair> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteSshKeyPair>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const owner = await ownerOf(tx, call.caller, params);
      const { affectedRows } = await tx.execute('DELETE FROM ssh_key_pair WHERE account_id = ? AND name = ?', [
        owner.accountId,
        params.name,
      ]);
      if (affectedRows === 0) {
        throw new DurastackError(
          'NOT_FOUND',
          `A key pair with name '${params.name}' does not exist for account ${owner.accountName} in domain ${owner.domainId}.`,
        );
      }
    });
  }
}
