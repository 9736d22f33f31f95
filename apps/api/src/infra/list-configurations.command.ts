import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { CLUSTER_SETTINGS, isClusterSetting, isGlobalSetting } from '@durastack/contracts/infra/cluster-settings';
import { listConfigurations } from '@durastack/contracts/infra/list-configurations';
import { autocommit } from '@durastack/store/database/transaction';
import { ALL_CLUSTERS, readClusterSettings } from '@durastack/store/infra/cluster-settings';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { configurationOf } from './configuration.js';
import { requireCluster } from './drs-cluster.js';

/** Lists settings. */
@Handles(listConfigurations)
export class ListConfigurationsHandler implements CommandHandler<typeof listConfigurations> {
  constructor(private readonly platform: Platform) {}

  async execute(
    _call: Call,
    { clusterId, name, keyword, category, group }: ParamsOf<typeof listConfigurations>,
  ): Promise<ResultOf<typeof listConfigurations>[]> {
    const tx = autocommit(this.platform.database);
    if (clusterId !== undefined) await requireCluster(tx, clusterId, 'clusterid');
    const settings = await readClusterSettings(tx, clusterId ?? ALL_CLUSTERS);
    const same = (wanted: string | undefined, is: string) =>
      wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
    return Object.keys(CLUSTER_SETTINGS)
      .filter(isClusterSetting)
      .filter((key) => clusterId === undefined || !isGlobalSetting(key))
      .map((key) => configurationOf(key, settings))
      .filter((one) => same(name, one.name) && same(category, one.category) && same(group, one.group))
      .filter((one) => one.name.includes((keyword ?? '').toLowerCase()));
  }
}
