import type { ParamsOf } from '@durastack/contracts/command';
import { deleteImageStore } from '@durastack/contracts/storage/delete-image-store';
import { refuseWhileUsed, requireRow, updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Forgets an image store. */
@Handles(deleteImageStore)
export class DeleteImageStoreHandler implements CommandHandler<typeof deleteImageStore> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteImageStore>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const store = { type: 'image-store', id: params.id } as const;
      await requireRow(tx, store, { where: 'NOT removed', lock: 'update' });
      await refuseWhileUsed(tx, store, [
        { table: 'template', where: "store_id = ? AND state <> 'Removed'", what: 'templates and ISOs' },
      ]);
      await updateRow(tx, store, { removed: true });
    });
  }
}
