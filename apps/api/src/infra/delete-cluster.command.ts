import type { ParamsOf } from '@durastack/contracts/command';
import { deleteCluster } from '@durastack/contracts/infra/delete-cluster';
import { refuseWhileUsed, requireRow, type Obstacle } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const OBSTACLES: readonly Obstacle[] = [
  { table: 'host', where: "cluster_id = ? AND state <> 'Removed'", what: 'hosts' },
  { table: 'storage_pool', where: "cluster_id = ? AND state <> 'Removed'", what: 'storage pools' },
];

/** Removes a cluster that is empty. */
@Handles(deleteCluster)
export class DeleteClusterHandler implements CommandHandler<typeof deleteCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteCluster>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const cluster = { type: 'cluster', id: params.id } as const;
      await requireRow(tx, cluster, { lock: 'update' });
      await refuseWhileUsed(tx, cluster, OBSTACLES);
      await tx.execute("DELETE FROM dedication WHERE resource_type = 'cluster' AND resource_id = ?", [params.id]);
      await tx.execute('DELETE FROM cluster_setting WHERE cluster_id = ?', [params.id]);
      await forgetDescriptions(tx, cluster);
      await tx.execute('DELETE FROM cluster WHERE id = ?', [params.id]);
    });
  }
}
