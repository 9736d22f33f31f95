import {
  CLUSTER_SETTINGS,
  isClusterSetting,
  parseClusterSetting,
  type ClusterSettingName,
  type ClusterSettings,
} from '@durastack/contracts/infra/cluster-settings';
import type { Tx } from '../database/transaction.js';

/** What every setting is until somebody changes it. */
const DEFAULTS = Object.fromEntries(
  Object.entries(CLUSTER_SETTINGS).map(([name, { byDefault }]) => [name, byDefault]),
) as ClusterSettings;

/** Where values stand that count for every cluster without its own. */
export const ALL_CLUSTERS = '';

/** The settings of a cluster, or of {@link ALL_CLUSTERS}. */
export async function readClusterSettings(tx: Tx, clusterId: string): Promise<ClusterSettings> {
  const rows = await tx.query<{ name: string; value: string }>(
    // A cluster's own come last, and count.
    'SELECT name, value FROM cluster_setting WHERE cluster_id IN (?, ?) ORDER BY cluster_id',
    [ALL_CLUSTERS, clusterId],
  );
  const known = rows.flatMap(({ name, value }) =>
    isClusterSetting(name) ? [[name, parseClusterSetting(name, value)] as const] : [],
  );
  return { ...DEFAULTS, ...Object.fromEntries(known) };
}

/** Writes a setting of a cluster, or of {@link ALL_CLUSTERS}; undefined: as if nobody had changed it. */
export async function writeClusterSetting(
  tx: Tx,
  { clusterId, name }: { readonly clusterId: string; readonly name: ClusterSettingName },
  value: boolean | number | string | undefined,
): Promise<void> {
  await tx.execute('DELETE FROM cluster_setting WHERE cluster_id = ? AND name = ?', [clusterId, name]);
  if (value === undefined) return;
  await tx.execute('INSERT INTO cluster_setting (cluster_id, name, value) VALUES (?, ?, ?)', [
    ...[clusterId, name, String(value)],
  ]);
}

/** Clusters that are to be balanced by themselves, and how often. */
export async function readAutomaticClusters(
  tx: Tx,
): Promise<{ readonly clusterId: string; readonly intervalMinutes: number }[]> {
  const rows = await tx.query<{ clusterId: string }>(
    `SELECT c.id AS clusterId FROM cluster c
       LEFT JOIN cluster_setting own ON own.cluster_id = c.id AND own.name = 'drs.automatic.enable'
       LEFT JOIN cluster_setting general ON general.cluster_id = ? AND general.name = 'drs.automatic.enable'
      WHERE COALESCE(own.value, general.value) = 'true' ORDER BY c.id`,
    [ALL_CLUSTERS],
  );
  return Promise.all(
    rows.map(async ({ clusterId }) => ({
      clusterId,
      intervalMinutes: Number((await readClusterSettings(tx, clusterId))['drs.automatic.interval']),
    })),
  );
}
