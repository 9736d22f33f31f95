import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createDiskOffering } from '@durastack/contracts/storage/create-disk-offering';
import { joinTags } from '@durastack/contracts/tags';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { diskOfferings } from '@durastack/store/lists/storage/disk-offerings.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const GIB = 1024 ** 3;

/** Creates a disk offering. */
@Handles(createDiskOffering)
export class CreateDiskOfferingHandler implements CommandHandler<typeof createDiskOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createDiskOffering>): Promise<ResultOf<typeof createDiskOffering>> {
    const customized = params.customized ?? false;
    if (!customized && params.diskSize === undefined)
      throw new DurastackError('INVALID_INPUT', 'Give disksize in GiB, or customized=true for a size of choice.');
    const id = newId();
    const tx = autocommit(this.platform.database);
    await insertRow(tx, 'disk_offering', {
      id,
      name: params.name,
      display_text: params.displayText ?? params.name,
      size_bytes: customized ? 0 : (params.diskSize ?? 0) * GIB,
      customized,
      storage_type: params.storageType ?? 'shared',
      tags: joinTags(params.tags),
      removed: false,
      created_at: new Date(),
    });
    return readOne(tx, diskOfferings, call.caller, id);
  }
}
