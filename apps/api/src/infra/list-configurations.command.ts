import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listConfigurations } from '@durastack/contracts/infra/list-configurations';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { readConfigurations } from './configuration.js';
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
    const same = (wanted: string | undefined, is: string) =>
      wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
    return (await readConfigurations(tx, clusterId))
      .filter((one) => same(name, one.name) && same(category, one.category) && same(group, one.group))
      .filter((one) => one.name.toLowerCase().includes((keyword ?? '').toLowerCase()));
  }
}
