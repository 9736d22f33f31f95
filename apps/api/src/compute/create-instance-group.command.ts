import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createInstanceGroup } from '@durastack/contracts/compute/create-instance-group';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { instanceGroups } from '@durastack/store/lists/compute/instance-groups.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Creates a group of machines. */
@Handles(createInstanceGroup)
export class CreateInstanceGroupHandler implements CommandHandler<typeof createInstanceGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createInstanceGroup>,
  ): Promise<ResultOf<typeof createInstanceGroup>> {
    const tx = autocommit(this.platform.database);
    const { accountId, domainId } = await ownerOf(tx, call.caller, params);
    const id = newId();
    await orConflict(
      insertRow(tx, 'instance_group', {
        ...{ id, name: params.name, account_id: accountId, domain_id: domainId, created_at: new Date() },
      }),
      `Unable to create Instance group, a group with name ${params.name} already exists.`,
    );
    return readOne(tx, instanceGroups, call.caller, id);
  }
}
