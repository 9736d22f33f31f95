import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { addCluster } from '@durastack/contracts/infra/add-cluster';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict, requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { clusters } from '@durastack/store/lists/infra/clusters.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Creates a cluster. */
@Handles(addCluster)
export class AddClusterHandler implements CommandHandler<typeof addCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addCluster>): Promise<ResultOf<typeof addCluster>> {
    const id = newId();
    const { database } = this.platform;
    const created = transaction(database, async (tx) => {
      const pod = await requireRow<{ zone_id: string }>(
        tx,
        { type: 'pod', id: params.podId },
        { parameter: 'podid', lock: 'share' },
      );
      if (pod.zone_id !== params.zoneId) throw notFound('zoneid', params.zoneId);
      await insertRow(tx, 'cluster', {
        id,
        zone_id: params.zoneId,
        pod_id: params.podId,
        name: params.clusterName,
        hypervisor: params.hypervisor,
        allocation_state: params.allocationState ?? 'Enabled',
        created_at: new Date(),
      });
    });
    await orConflict(
      created,
      `A cluster with the name ${params.clusterName} exists already in the pod ${params.podId}.`,
    );
    return readOne(autocommit(database), clusters, call.caller, id);
  }
}
