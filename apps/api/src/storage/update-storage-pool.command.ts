import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateStoragePool } from '@durastack/contracts/storage/update-storage-pool';
import { joinTags } from '@durastack/contracts/tags';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { storagePools } from '@durastack/store/lists/storage/storage-pools.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { poolKey } from './pool-key.js';

/** Changes a pool's name, tags and allocation state. None of them concerns an operation that holds it. */
@Handles(updateStoragePool)
export class UpdateStoragePoolHandler implements CommandHandler<typeof updateStoragePool> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateStoragePool>): Promise<ResultOf<typeof updateStoragePool>> {
    const { database } = this.platform;
    const pool = { type: 'storage-pool', id: params.id } as const;
    const updated = transaction(database, async (tx) => {
      const row = await requireRow<{ zone_id: string; natural_key: string | null; allocation_state: string }>(
        tx,
        pool,
        {
          where: "state <> 'Removed'",
          lock: 'update',
        },
      );
      if (params.enabled !== undefined && row.allocation_state === 'Maintenance')
        throw new DurastackError(
          'NOT_ALLOWED_IN_STATE',
          'The storage pool is in maintenance; end that first (cancelStorageMaintenance).',
        );
      await updateRow(tx, pool, {
        name: params.name,
        // The key of createStoragePool is zone and name: it goes with the name.
        natural_key:
          params.name === undefined || row.natural_key === null ? undefined : poolKey(row.zone_id, params.name),
        tags: joinTags(params.tags),
        allocation_state: params.enabled === undefined ? undefined : params.enabled ? 'Enabled' : 'Disabled',
      });
    });
    await orConflict(updated, `A storage pool with the name ${params.name} exists already in its zone.`);
    return readOne(autocommit(database), storagePools, call.caller, params.id);
  }
}
