import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { enableStorageMaintenance } from '@durastack/contracts/storage/enable-storage-maintenance';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { storagePools } from '@durastack/store/lists/storage/storage-pools.list';
import { requireNothingRunsOn } from '@durastack/store/storage/pool-maintenance';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Closes a pool. A start that is accepted at the same time holds its row: one of them sees the other. */
@Handles(enableStorageMaintenance)
export class EnableStorageMaintenanceHandler implements CommandHandler<typeof enableStorageMaintenance> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof enableStorageMaintenance>,
  ): Promise<ResultOf<typeof enableStorageMaintenance>> {
    const { database } = this.platform;
    const pool = { type: 'storage-pool', id: params.id } as const;
    await transaction(database, async (tx) => {
      const row = await requireRow<{ name: string; state: string }>(tx, pool, {
        where: "state <> 'Removed'",
        lock: 'update',
      });
      if (row.state !== 'Up')
        throw new DurastackError('NOT_ALLOWED_IN_STATE', `The storage pool ${row.name} is ${row.state}, not Up.`);
      await requireNothingRunsOn(tx, params.id, row.name);
      await updateRow(tx, pool, { allocation_state: 'Maintenance' });
    });
    return readOne(autocommit(database), storagePools, call.caller, params.id);
  }
}
