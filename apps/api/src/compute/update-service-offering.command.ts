import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateServiceOffering } from '@durastack/contracts/compute/update-service-offering';
import { joinTags } from '@durastack/contracts/tags';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { serviceOfferings } from '@durastack/store/lists/compute/service-offerings.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a service offering. */
@Handles(updateServiceOffering)
export class UpdateServiceOfferingHandler implements CommandHandler<typeof updateServiceOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateServiceOffering>,
  ): Promise<ResultOf<typeof updateServiceOffering>> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'service-offering', id: params.id } as const;
    await requireRow(tx, offering, { where: 'NOT removed' });
    await updateRow(tx, offering, {
      name: params.name,
      display_text: params.displayText,
      host_tags: joinTags(params.hostTags),
      storage_tags: joinTags(params.storageTags),
      ha_priority: params.haPriority,
    });
    return readOne(tx, serviceOfferings, call.caller, params.id);
  }
}
