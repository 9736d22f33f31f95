import type { ParamsOf } from '@durastack/contracts/command';
import { deletePod } from '@durastack/contracts/infra/delete-pod';
import { refuseWhileUsed, requireRow, type Obstacle } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const OBSTACLES: readonly Obstacle[] = [
  { table: 'cluster', where: 'pod_id = ?', what: 'clusters' },
  { table: 'host', where: "pod_id = ? AND state <> 'Removed'", what: 'hosts' },
];

/** Removes a pod that is empty. */
@Handles(deletePod)
export class DeletePodHandler implements CommandHandler<typeof deletePod> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deletePod>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const pod = { type: 'pod', id: params.id } as const;
      await requireRow(tx, pod, { lock: 'update' });
      await refuseWhileUsed(tx, pod, OBSTACLES);
      await tx.execute("DELETE FROM dedication WHERE resource_type = 'pod' AND resource_id = ?", [params.id]);
      await forgetDescriptions(tx, pod);
      await tx.execute('DELETE FROM pod WHERE id = ?', [params.id]);
    });
  }
}
