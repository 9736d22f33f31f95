import type { ParamsOf } from '@durastack/contracts/command';
import { deleteUserData } from '@durastack/contracts/compute/delete-user-data';
import { DurastackError } from '@durastack/contracts/errors';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireOwnedRecord } from './owned-record.js';

/** Removes user data that no machine refers to. */
@Handles(deleteUserData)
export class DeleteUserDataHandler implements CommandHandler<typeof deleteUserData> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof deleteUserData>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const { name } = await requireOwnedRecord(tx, call.caller, { table: 'user_data', id });
      const [used] = await tx.query<{ n: number }>(
        "SELECT COUNT(*) AS n FROM virtual_machine WHERE user_data_id = ? AND state <> 'Expunged'",
        [id],
      );
      const machines = Number(used?.n);
      if (machines > 0)
        throw new DurastackError(
          'CONFLICT',
          `The user data ${name} was given to ${machines} machines; expunge them or give them other user data first.`,
          { details: { machines } },
        );
      await tx.execute('DELETE FROM user_data WHERE id = ?', [id]);
    });
  }
}
