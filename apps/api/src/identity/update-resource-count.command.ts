import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { numberOfKind } from '@durastack/contracts/identity/resource-kinds';
import { updateResourceCount } from '@durastack/contracts/identity/update-resource-count';
import { autocommit } from '@durastack/store/database/transaction';
import { countOf } from '@durastack/store/identity/limits';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { countedBy, countedKinds, limitTarget } from './limit-target.js';

/** Counts what there is: counts are made of the rows each time. */
@Handles(updateResourceCount)
export class UpdateResourceCountHandler implements CommandHandler<typeof updateResourceCount> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateResourceCount>,
  ): Promise<ResultOf<typeof updateResourceCount>[]> {
    const tx = autocommit(this.platform.database);
    const target = await limitTarget(tx, call.caller, params);
    return Promise.all(
      countedKinds(params.resourceType).map(async (kind) => ({
        ...{ resourceType: String(numberOfKind(kind)), resourceTypeName: kind },
        ...target.fields,
        resourceCount: await countOf(tx, kind, countedBy(target)),
      })),
    );
  }
}
