import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listVolumesMetrics } from '@durastack/contracts/storage/list-volumes-metrics';
import { autocommit } from '@durastack/store/database/transaction';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { volumes } from '@durastack/store/lists/storage/volumes.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { gib } from '../face/metric-texts.js';
import { Platform } from '../platform.js';

type Item = ResultOf<typeof listVolumesMetrics>;

/** Lists volumes, and adds their size in another unit. */
@Handles(listVolumesMetrics)
export class ListVolumesMetricsHandler implements CommandHandler<typeof listVolumesMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listVolumesMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const found = await runList(tx, volumes, call.caller, { params, page: call.page ?? offsetPage(params) });
    return { ...found, items: found.items.map((volume) => ({ ...volume, sizeGb: gib(volume.size) })) };
  }
}
