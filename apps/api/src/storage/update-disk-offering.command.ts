import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateDiskOffering } from '@durastack/contracts/storage/update-disk-offering';
import { joinTags } from '@durastack/contracts/tags';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { diskOfferings } from '@durastack/store/lists/storage/disk-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a disk offering. */
@Handles(updateDiskOffering)
export class UpdateDiskOfferingHandler implements CommandHandler<typeof updateDiskOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateDiskOffering>): Promise<ResultOf<typeof updateDiskOffering>> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'disk-offering', id: params.id } as const;
    await requireRow(tx, offering, { where: 'NOT removed' });
    await updateRow(tx, offering, {
      name: params.name,
      display_text: params.displayText,
      tags: joinTags(params.tags),
    });
    return readOne(tx, diskOfferings, call.caller, params.id);
  }
}
