import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updateCluster } from '@durastack/contracts/infra/update-cluster';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { clusters } from '@durastack/store/lists/infra/clusters.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a cluster. */
@Handles(updateCluster)
export class UpdateClusterHandler implements CommandHandler<typeof updateCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateCluster>): Promise<ResultOf<typeof updateCluster>> {
    const tx = autocommit(this.platform.database);
    const cluster = { type: 'cluster', id: params.id } as const;
    await requireRow(tx, cluster);
    const updated = updateRow(tx, cluster, { name: params.clusterName, allocation_state: params.allocationState });
    await orConflict(updated, `A cluster with the name ${params.clusterName} exists already in its pod.`);
    return readOne(tx, clusters, call.caller, params.id);
  }
}
