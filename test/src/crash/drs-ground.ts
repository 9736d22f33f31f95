/** What the crash matrix needs to balance a cluster. */
import { ExecuteClusterDrsPlanHandler } from '@durastack/api/infra/execute-cluster-drs-plan.command';
import type { Ground, Started } from './ground.js';
import { HAS_LEFT } from './maintenance-ground.js';

/** Asks that the only machine of a host moves to another one of its cluster. */
export async function balance({ world, hostIds }: Ground, hostId: string): Promise<Started> {
  const [row] = await world.db.query<{ vmId: string; clusterId: string }>(
    'SELECT v.id AS vmId, h.cluster_id AS clusterId FROM virtual_machine v JOIN host h ON h.id = v.host_id WHERE h.id = ?',
    [hostId],
  );
  const other = hostIds.find((id) => id !== hostId);
  return new ExecuteClusterDrsPlanHandler(world.platform).execute(world.call, {
    id: row!.clusterId,
    migrateTo: [{ vm: row!.vmId, host: other! }],
  });
}

/** A machine that was moved stays there. */
export const IS_BALANCED: readonly string[] = HAS_LEFT;
