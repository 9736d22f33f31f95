import type { Tx } from '@durastack/store/database/transaction';

/** Hosts that reach a pool and are enrolled, those that are up first; `preferred` before its equals. */
export async function hostsInReachOfPool(tx: Tx, poolId: string, preferredHostId = ''): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT h.id FROM host h JOIN storage_pool p ON p.id = ?
      WHERE h.zone_id = p.zone_id AND (p.host_id IS NULL OR p.host_id = h.id) AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)
        AND h.state IN ('Up', 'Disconnected')
      ORDER BY h.state = 'Up' DESC, h.id = ? DESC, h.id`,
    [poolId, preferredHostId],
  );
  return rows.map(({ id }) => id);
}
