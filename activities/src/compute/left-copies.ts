/** Copies of a machine's root disk that moves left on other pools when they were given up. */
import { toPoolSpec, POOL_SPEC_COLUMNS, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import type { Tx } from '@durastack/store/database/transaction';
import type { VolumePlace } from '../storage/volume-hosts.js';

/** Where they may be. They are nobody's data: the disk itself is on `poolId`, or about to go. */
export async function readLeftCopies(
  tx: Tx,
  { vmId, volumeId, poolId }: { vmId: string; volumeId: string; poolId: string },
): Promise<VolumePlace[]> {
  const rows = await tx.query<PoolSpecRow & { hostId: string }>(
    `SELECT DISTINCT ${POOL_SPEC_COLUMNS}, r.host_id AS hostId FROM remnant r JOIN storage_pool p ON p.id = r.pool_id
      WHERE r.resource_type = 'virtual-machine' AND r.resource_id = ? AND r.kind = 'disk' AND r.host_id IS NOT NULL AND r.pool_id <> ?`,
    [vmId, poolId],
  );
  return rows.map(({ hostId, ...pool }) => ({ volumeId, hostId, pool: toPoolSpec(pool) }));
}
