import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { RESOURCE_KINDS, UNLIMITED_MAX } from '@durastack/contracts/identity/resource-kinds';
import { updateResourceLimit } from '@durastack/contracts/identity/update-resource-limit';
import { newId } from '@durastack/kit/ids/new-id';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { limitTarget, requireAbove } from './limit-target.js';

/** Sets a limit. What is there already stays, also when it is more. */
@Handles(updateResourceLimit)
export class UpdateResourceLimitHandler implements CommandHandler<typeof updateResourceLimit> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateResourceLimit>,
  ): Promise<ResultOf<typeof updateResourceLimit>> {
    const { resourceType, max = UNLIMITED_MAX } = params;
    return transaction(this.platform.database, async (tx) => {
      const target = await limitTarget(tx, call.caller, params);
      requireAbove(call.caller, target);
      await tx.execute(
        `INSERT INTO resource_limit (id, owner_type, owner_id, kind, max) VALUES (?, ?, ?, ?, ?)
           ON DUPLICATE KEY UPDATE max = VALUES(max)`,
        [newId(), target.type, target.id, resourceType, max],
      );
      return {
        ...{ resourceType: String(resourceType), resourceTypeName: RESOURCE_KINDS[resourceType] ?? '', max },
        ...target.fields,
      };
    });
  }
}
