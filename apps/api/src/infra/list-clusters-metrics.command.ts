import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listClustersMetrics } from '@durastack/contracts/infra/list-clusters-metrics';
import { autocommit } from '@durastack/store/database/transaction';
import { NO_HOSTS, readHostSums } from '@durastack/store/infra/host-sums';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { clusters } from '@durastack/store/lists/infra/clusters.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { ofAll } from '../face/metric-texts.js';
import { Platform } from '../platform.js';
import { usageOfHosts } from './usage-of-hosts.js';

type Item = ResultOf<typeof listClustersMetrics>;

/** Lists clusters, and adds what their hosts have, have given out and use. */
@Handles(listClustersMetrics)
export class ListClustersMetricsHandler implements CommandHandler<typeof listClustersMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listClustersMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const found = await runList(tx, clusters, call.caller, { params, page: call.page ?? offsetPage(params) });
    const ids = found.items.map(({ id }) => id);
    const sums = await readHostSums(tx, 'cluster', ids);
    const items = found.items.map((cluster) => {
      const { hosts, hostsUp } = sums.get(cluster.id) ?? NO_HOSTS;
      const usage = usageOfHosts(sums.get(cluster.id));
      return { ...cluster, state: cluster.allocationState, hosts: ofAll(hostsUp, hosts), ...usage };
    });
    return { ...found, items };
  }
}
