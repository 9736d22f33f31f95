import type { ParamsOf } from '@durastack/contracts/command';
import { deleteAffinityGroup } from '@durastack/contracts/compute/delete-affinity-group';
import { DurastackError } from '@durastack/contracts/errors';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf, requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof deleteAffinityGroup>;

/** Deletes an affinity group. A machine that is being placed for it holds the row, so this comes before or after. */
@Handles(deleteAffinityGroup)
export class DeleteAffinityGroupHandler implements CommandHandler<typeof deleteAffinityGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const id = await find(tx, call, params);
      await tx.query('SELECT id FROM affinity_group WHERE id = ? FOR UPDATE', [id]);
      await tx.execute('DELETE FROM affinity_group_member WHERE group_id = ?', [id]);
      await tx.execute('DELETE FROM affinity_group WHERE id = ?', [id]);
    });
  }
}

async function find(tx: Tx, call: Call, params: Params): Promise<string> {
  const { id, name } = params;
  if ((id === undefined) === (name === undefined))
    throw new DurastackError('INVALID_INPUT', 'Give the id of the affinity group, or its name: one of the two.');
  if (id !== undefined) {
    await requireAccess(tx, call.caller, { type: 'affinity-group', id });
    return id;
  }
  const owner = await ownerOf(tx, call.caller, params);
  const [row] = await tx.query<{ id: string }>('SELECT id FROM affinity_group WHERE account_id = ? AND name = ?', [
    owner.accountId,
    name,
  ]);
  if (!row) throw notFound('name', name ?? '');
  return row.id;
}
