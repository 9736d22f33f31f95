import type { ParamsOf } from '@durastack/contracts/command';
import { deleteInstanceGroup } from '@durastack/contracts/compute/delete-instance-group';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { regroup, requireInstanceGroup } from './instance-group-rows.js';

/** Removes a group of machines. */
@Handles(deleteInstanceGroup)
export class DeleteInstanceGroupHandler implements CommandHandler<typeof deleteInstanceGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteInstanceGroup>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const group = await requireInstanceGroup(tx, call.caller, params.id);
      await regroup(tx, group, null);
      await tx.execute('DELETE FROM instance_group WHERE id = ?', [group.id]);
    });
  }
}
