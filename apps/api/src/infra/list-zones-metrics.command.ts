import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listZonesMetrics } from '@durastack/contracts/infra/list-zones-metrics';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { readHostSums } from '@durastack/store/infra/host-sums';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { zones } from '@durastack/store/lists/infra/zones.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { ofAll } from '../face/metric-texts.js';
import { Platform } from '../platform.js';
import { usageOfHosts } from './usage-of-hosts.js';

type Item = ResultOf<typeof listZonesMetrics>;

/** Lists zones, and adds what their hosts have, have given out and use. */
@Handles(listZonesMetrics)
export class ListZonesMetricsHandler implements CommandHandler<typeof listZonesMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listZonesMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const found = await runList(tx, zones, call.caller, { params, page: call.page ?? offsetPage(params) });
    const ids = found.items.map(({ id }) => id);
    const [sums, clusters] = [await readHostSums(tx, 'zone', ids), await countClusters(tx, ids)];
    const items = found.items.map((zone) => ({
      ...zone,
      state: zone.allocationState,
      clusters: clusters.get(zone.id) ?? ofAll(0, 0),
      ...usageOfHosts(sums.get(zone.id)),
    }));
    return { ...found, items };
  }
}

async function countClusters(tx: Tx, zoneIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (zoneIds.length === 0) return new Map();
  const rows = await tx.query<{ id: string; enabled: number; clusters: number }>(
    `SELECT zone_id AS id, SUM(allocation_state = 'Enabled') AS enabled, COUNT(*) AS clusters FROM cluster
      WHERE zone_id IN (?) GROUP BY zone_id`,
    [zoneIds],
  );
  return new Map(rows.map(({ id, enabled, clusters }) => [id, ofAll(Number(enabled), Number(clusters))]));
}
