import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listStoragePoolsMetrics } from '@durastack/contracts/storage/list-storage-pools-metrics';
import { autocommit } from '@durastack/store/database/transaction';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { storagePools } from '@durastack/store/lists/storage/storage-pools.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { gib } from '../face/metric-texts.js';
import { Platform } from '../platform.js';

type Item = ResultOf<typeof listStoragePoolsMetrics>;
type Pool = ResultOf<typeof storagePools.command>;

/** Lists pools, and adds their space in another unit. */
@Handles(listStoragePoolsMetrics)
export class ListStoragePoolsMetricsHandler implements CommandHandler<typeof listStoragePoolsMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listStoragePoolsMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const found = await runList(tx, storagePools, call.caller, { params, page: call.page ?? offsetPage(params) });
    return { ...found, items: found.items.map((pool) => ({ ...pool, ...metricsOf(pool) })) };
  }
}

function metricsOf(pool: Pool): Omit<Item, keyof Pool> {
  const { diskSizeTotal, diskSizeUsed, diskSizeAllocated, overprovisionFactor } = pool;
  return {
    diskSizeTotalGb: `${gib(diskSizeTotal)} (x${overprovisionFactor})`,
    diskSizeUsedGb: gib(diskSizeUsed),
    diskSizeAllocatedGb: gib(diskSizeAllocated),
    // None, and not less, where the factor was lowered since.
    diskSizeUnallocatedGb: gib(Math.max(0, diskSizeTotal * Number(overprovisionFactor) - diskSizeAllocated)),
  };
}
