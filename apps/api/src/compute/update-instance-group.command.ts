import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateInstanceGroup } from '@durastack/contracts/compute/update-instance-group';
import { orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { instanceGroups } from '@durastack/store/lists/compute/instance-groups.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { regroup, requireInstanceGroup } from './instance-group-rows.js';

/** Changes the name of a group of machines. */
@Handles(updateInstanceGroup)
export class UpdateInstanceGroupHandler implements CommandHandler<typeof updateInstanceGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateInstanceGroup>,
  ): Promise<ResultOf<typeof updateInstanceGroup>> {
    const { database } = this.platform;
    const { id, name } = params;
    const renamed = transaction(database, async (tx) => {
      const group = await requireInstanceGroup(tx, call.caller, id);
      if (name === undefined) return;
      await tx.execute('UPDATE instance_group SET name = ? WHERE id = ?', [name, id]);
      await regroup(tx, group, name);
    });
    await orConflict(renamed, `Unable to update Instance group, a group with name ${name} already exists.`);
    return readOne(autocommit(database), instanceGroups, call.caller, id);
  }
}
