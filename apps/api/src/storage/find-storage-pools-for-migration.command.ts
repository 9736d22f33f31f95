import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { MAX_PAGE_SIZE } from '@durastack/contracts/list-params';
import { findStoragePoolsForMigration } from '@durastack/contracts/storage/find-storage-pools-for-migration';
import { judgeTarget } from '@durastack/model/storage/judge-move';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { storagePools } from '@durastack/store/lists/storage/storage-pools.list';
import { readMoveTargets, readVolumeToMove } from '@durastack/store/storage/volume-move';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { pageOf } from '../face/page-of.js';
import { Platform } from '../platform.js';

type Target = ResultOf<typeof findStoragePoolsForMigration>;

/** Says where a volume can be moved, and of each other pool why not. */
@Handles(findStoragePoolsForMigration)
export class FindStoragePoolsForMigrationHandler implements CommandHandler<typeof findStoragePoolsForMigration> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof findStoragePoolsForMigration>): Promise<ListPage<Target>> {
    const tx = autocommit(this.platform.database);
    await requireAccess(tx, call.caller, { type: 'volume', id: params.id });
    const volume = await readVolumeToMove(tx, params.id);
    const targets = (await readMoveTargets(tx, volume)).filter(({ id }) => id !== volume.poolId);
    const refusals = new Map(targets.map((target) => [target.id, judgeTarget(volume, target)]));
    const page = { page: 1, pageSize: MAX_PAGE_SIZE };
    const { keyword } = params;
    const filter = { zoneId: volume.zoneId, ...(keyword === undefined ? {} : { keyword }) };
    const { items } = await runList(tx, storagePools, call.caller, { params: filter, page });
    const judged = items.flatMap((pool): Target[] => {
      if (!refusals.has(pool.id)) return [];
      const refusal = refusals.get(pool.id);
      return [
        {
          ...pool,
          suitableForMigration: refusal === undefined,
          ...(refusal === undefined ? {} : { unsuitableReason: `${pool.name} ${refusal.text}.` }),
        },
      ];
    });
    judged.sort((a, b) => Number(b.suitableForMigration) - Number(a.suitableForMigration));
    // `id` is the volume's here, not a pool's.
    return pageOf(judged, {}, call.page ?? page) as ListPage<Target>;
  }
}
