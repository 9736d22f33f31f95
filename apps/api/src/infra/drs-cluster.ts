import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';

/** A cluster that is to be planned, or balanced. */
export interface DrsCluster {
  readonly id: string;
  readonly name: string;
  readonly zoneId: string;
}

/**
 * The cluster with this id.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function requireCluster(tx: Tx, id: string, parameter = 'id'): Promise<DrsCluster> {
  const [cluster] = await tx.query<DrsCluster>('SELECT id, name, zone_id AS zoneId FROM cluster WHERE id = ?', [id]);
  if (!cluster) throw notFound(parameter, id);
  return cluster;
}
