/** Settings as calls name them and replies show them. */
import type { ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import {
  CLUSTER_SETTINGS,
  isClusterSetting,
  isGlobalSetting,
  type ClusterSettingName,
  type ClusterSettings,
} from '@durastack/contracts/infra/cluster-settings';
import type { updateConfiguration } from '@durastack/contracts/infra/update-configuration';
import type { Tx } from '@durastack/store/database/transaction';
import { ALL_CLUSTERS } from '@durastack/store/infra/cluster-settings';
import { requireCluster } from './drs-cluster.js';

/**
 * The setting that a call names; without a cluster it is that of all which have none of their own.
 *
 * @throws DurastackError INVALID_INPUT; NOT_FOUND for the cluster
 */
export async function requireSetting(
  tx: Tx,
  { name, clusterId }: { readonly name: string; readonly clusterId?: string | undefined },
): Promise<{ readonly clusterId: string; readonly name: ClusterSettingName }> {
  const known = name.toLowerCase();
  if (!isClusterSetting(known))
    throw new DurastackError('INVALID_INPUT', `There is no setting ${name}; listConfigurations shows all.`);
  if (clusterId === undefined) return { clusterId: ALL_CLUSTERS, name: known };
  if (isGlobalSetting(known))
    throw new DurastackError('INVALID_INPUT', `${known} has one value for all clusters: leave clusterid out.`);
  await requireCluster(tx, clusterId, 'clusterid');
  return { clusterId, name: known };
}

/** A setting in a reply. */
export function configurationOf(
  name: ClusterSettingName,
  settings: ClusterSettings,
): ResultOf<typeof updateConfiguration> {
  const setting = CLUSTER_SETTINGS[name];
  return {
    name,
    value: String(settings[name]),
    defaultValue: String(setting.byDefault),
    description: setting.description,
    displayText: name,
    type: setting.type,
    category: 'Advanced',
    component: setting.group.toLowerCase(),
    group: setting.group,
    scope: isGlobalSetting(name) ? 'Global' : 'Cluster',
    ...('options' in setting ? { options: setting.options.join(',') } : {}),
    isDynamic: true,
  };
}
