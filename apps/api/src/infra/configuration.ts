/** Settings as calls name them and replies show them. */
import type { ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import {
  CLUSTER_SETTINGS,
  isClusterSetting,
  type ClusterSettingName,
  type ClusterSettings,
} from '@durastack/contracts/infra/cluster-settings';
import type { updateConfiguration } from '@durastack/contracts/infra/update-configuration';
import type { Tx } from '@durastack/store/database/transaction';
import { requireCluster } from './drs-cluster.js';

/**
 * The setting that a call names.
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
  if (clusterId === undefined)
    throw new DurastackError('INVALID_INPUT', `${known} belongs to a cluster: name it (clusterid).`);
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
    component: 'drs',
    group: setting.group,
    scope: 'Cluster',
    ...('options' in setting ? { options: setting.options.join(',') } : {}),
    isDynamic: true,
  };
}
