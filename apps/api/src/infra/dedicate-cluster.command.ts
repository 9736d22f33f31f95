import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { dedicateCluster } from '@durastack/contracts/infra/dedicate-cluster';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { dedicatedClusters } from '@durastack/store/lists/infra/dedicated-clusters.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { dedicate } from './dedication.js';

/** Dedicates a cluster. */
@Handles(dedicateCluster)
export class DedicateClusterHandler implements CommandHandler<typeof dedicateCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof dedicateCluster>): Promise<ResultOf<typeof dedicateCluster>> {
    const id = await dedicate(this.platform.database, { type: 'cluster', id: params.clusterId }, params);
    return readOne(autocommit(this.platform.database), dedicatedClusters, call.caller, id);
  }
}
