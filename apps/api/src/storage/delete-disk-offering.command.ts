import type { ParamsOf } from '@durastack/contracts/command';
import { deleteDiskOffering } from '@durastack/contracts/storage/delete-disk-offering';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Withdraws a disk offering: the row stays for the disks of its size. */
@Handles(deleteDiskOffering)
export class DeleteDiskOfferingHandler implements CommandHandler<typeof deleteDiskOffering> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteDiskOffering>): Promise<void> {
    const tx = autocommit(this.platform.database);
    const offering = { type: 'disk-offering', id: params.id } as const;
    await requireRow(tx, offering, { where: 'NOT removed' });
    await updateRow(tx, offering, { removed: true });
  }
}
