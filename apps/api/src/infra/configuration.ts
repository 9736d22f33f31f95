/** Settings as calls name them and replies show them: of the whole cloud, and of clusters. */
import type { ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import {
  CLUSTER_SETTINGS,
  isClusterSetting,
  isGlobalSetting,
  parseClusterSetting,
  type ClusterSettingName,
} from '@durastack/contracts/infra/cluster-settings';
import { GLOBAL_SETTINGS, globalSettingOf, type GlobalSettingName } from '@durastack/contracts/infra/global-settings';
import { parseSetting, type SettingOf, type SettingValue } from '@durastack/contracts/infra/setting-kinds';
import type { updateConfiguration } from '@durastack/contracts/infra/update-configuration';
import type { Tx } from '@durastack/store/database/transaction';
import { ALL_CLUSTERS, readClusterSettings, writeClusterSetting } from '@durastack/store/infra/cluster-settings';
import { readGlobalSettings, writeGlobalSetting } from '@durastack/store/operations/global-settings';
import { requireCluster } from './drs-cluster.js';

type Configuration = ResultOf<typeof updateConfiguration>;

/** A setting that a call means. */
type Target =
  | { readonly scope: 'Global'; readonly name: GlobalSettingName }
  | { readonly scope: 'Cluster'; readonly clusterId: string; readonly name: ClusterSettingName };

/**
 * The setting that a call names; one of clusters without a cluster is that of all which have none of their own.
 *
 * @throws DurastackError INVALID_INPUT; NOT_FOUND for the cluster
 */
export async function requireSetting(
  tx: Tx,
  { name, clusterId }: { readonly name: string; readonly clusterId?: string | undefined },
): Promise<Target> {
  const global = globalSettingOf(name);
  const known = name.toLowerCase();
  if (global === undefined && !isClusterSetting(known))
    throw new DurastackError('INVALID_INPUT', `There is no setting ${name}; listConfigurations shows all.`);
  if (clusterId !== undefined && (global !== undefined || (isClusterSetting(known) && isGlobalSetting(known))))
    throw new DurastackError('INVALID_INPUT', `${known} has one value for all clusters: leave clusterid out.`);
  if (global !== undefined) return { scope: 'Global', name: global };
  if (clusterId !== undefined) await requireCluster(tx, clusterId, 'clusterid');
  return { scope: 'Cluster', clusterId: clusterId ?? ALL_CLUSTERS, name: known as ClusterSettingName };
}

/**
 * Gives a setting the value that a text stands for; undefined: its default.
 *
 * @throws DurastackError INVALID_INPUT saying what it may be
 */
export async function writeSetting(tx: Tx, target: Target, text: string | undefined): Promise<Configuration> {
  if (target.scope === 'Global') {
    const { name } = target;
    const value = text === undefined ? undefined : parseSetting(name, GLOBAL_SETTINGS[name], text);
    await writeGlobalSetting(tx, name, value);
    return globalConfiguration(name, (await readGlobalSettings(tx))[name]);
  }
  const { name, clusterId } = target;
  await writeClusterSetting(tx, target, text === undefined ? undefined : parseClusterSetting(name, text));
  return clusterConfiguration(name, (await readClusterSettings(tx, clusterId))[name]);
}

/** All settings with their values: those of a cluster, or everything. */
export async function readConfigurations(tx: Tx, clusterId: string | undefined): Promise<Configuration[]> {
  const ofClusters = await readClusterSettings(tx, clusterId ?? ALL_CLUSTERS);
  const shown = (Object.keys(CLUSTER_SETTINGS) as ClusterSettingName[])
    .filter((name) => clusterId === undefined || !isGlobalSetting(name))
    .map((name) => clusterConfiguration(name, ofClusters[name]));
  if (clusterId !== undefined) return shown;
  const global = await readGlobalSettings(tx);
  const names = Object.keys(GLOBAL_SETTINGS) as GlobalSettingName[];
  return [...shown, ...names.map((name) => globalConfiguration(name, global[name]))];
}

function globalConfiguration(name: GlobalSettingName, value: SettingValue): Configuration {
  return configurationOf(name, GLOBAL_SETTINGS[name], { value, scope: 'Global' });
}

function clusterConfiguration(name: ClusterSettingName, value: SettingValue): Configuration {
  return configurationOf(name, CLUSTER_SETTINGS[name], { value, scope: isGlobalSetting(name) ? 'Global' : 'Cluster' });
}

function configurationOf(
  name: string,
  setting: SettingOf<SettingValue>,
  { value, scope }: { readonly value: SettingValue; readonly scope: 'Global' | 'Cluster' },
): Configuration {
  return {
    name,
    value: String(value),
    defaultValue: String(setting.byDefault),
    description: setting.description,
    displayText: name,
    type: setting.type,
    category: 'Advanced',
    component: setting.group.toLowerCase(),
    group: setting.group,
    scope,
    ...(setting.options ? { options: setting.options.join(',') } : {}),
    isDynamic: true,
  };
}
