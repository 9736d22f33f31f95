import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createAffinityGroup } from '@durastack/contracts/compute/create-affinity-group';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { affinityGroups } from '@durastack/store/lists/compute/affinity-groups.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Creates an affinity group. */
@Handles(createAffinityGroup)
export class CreateAffinityGroupHandler implements CommandHandler<typeof createAffinityGroup> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof createAffinityGroup>,
  ): Promise<ResultOf<typeof createAffinityGroup>> {
    const tx = autocommit(this.platform.database);
    const owner = await ownerOf(tx, call.caller, params);
    const id = newId();
    await orConflict(
      insertRow(tx, 'affinity_group', {
        id,
        name: params.name,
        type: params.type,
        description: params.description,
        account_id: owner.accountId,
        domain_id: owner.domainId,
        created_at: new Date(),
      }),
      `The account ${owner.accountName} has an affinity group ${params.name} already.`,
    );
    return readOne(tx, affinityGroups, call.caller, id);
  }
}
