import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { cancelStorageMaintenance } from '@durastack/contracts/storage/cancel-storage-maintenance';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { storagePools } from '@durastack/store/lists/storage/storage-pools.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Opens a pool. */
@Handles(cancelStorageMaintenance)
export class CancelStorageMaintenanceHandler implements CommandHandler<typeof cancelStorageMaintenance> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof cancelStorageMaintenance>,
  ): Promise<ResultOf<typeof cancelStorageMaintenance>> {
    const { database } = this.platform;
    const pool = { type: 'storage-pool', id: params.id } as const;
    await transaction(database, async (tx) => {
      const row = await requireRow<{ name: string; allocation_state: string }>(tx, pool, {
        where: "state <> 'Removed'",
        lock: 'update',
      });
      if (row.allocation_state !== 'Maintenance')
        throw new DurastackError('NOT_ALLOWED_IN_STATE', `The storage pool ${row.name} is not in maintenance.`);
      await updateRow(tx, pool, { allocation_state: 'Enabled' });
    });
    return readOne(autocommit(database), storagePools, call.caller, params.id);
  }
}
