/** Settings as calls name them and replies show them: of the whole cloud, of clusters, domains and accounts. */
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
import { levelOf, writeResourceSetting } from '@durastack/store/operations/resource-settings';
import { applyOverprovisioning, OVERPROVISIONING } from '@durastack/store/storage/overprovisioning';
import { readAt, requirePlace, type GivenPlace, type Place } from './setting-place.js';

type Configuration = ResultOf<typeof updateConfiguration>;

/** A setting that a call means. */
type Target =
  | { readonly kind: 'ours'; readonly name: GlobalSettingName; readonly place: Place }
  | { readonly kind: 'clusters'; readonly clusterId: string; readonly name: ClusterSettingName };

/**
 * The setting that a call names; one of clusters without a cluster is that of all which have none of their own.
 *
 * @throws DurastackError INVALID_INPUT; NOT_FOUND for the cluster, domain or account
 */
export async function requireSetting(tx: Tx, given: GivenPlace & { readonly name: string }): Promise<Target> {
  const place = await requirePlace(tx, given);
  const name = globalSettingOf(given.name);
  if (name !== undefined) {
    const levels: readonly (string | undefined)[] = ['Global', levelOf(name), ...(await alsoOfDomains(tx, name))];
    if (!levels.includes(place.level)) throw oneForAll(name, place);
    return { kind: 'ours', name, place };
  }
  const known = given.name.toLowerCase();
  if (!isClusterSetting(known))
    throw new DurastackError('INVALID_INPUT', `There is no setting ${given.name}; listConfigurations shows all.`);
  const allowed = place.level === 'Global' || (place.level === 'Cluster' && !isGlobalSetting(known));
  if (!allowed) throw oneForAll(known, place);
  return { kind: 'clusters', clusterId: place.level === 'Cluster' ? place.id : ALL_CLUSTERS, name: known };
}

function oneForAll(name: string, { level }: Place): DurastackError {
  const what = level === 'StoragePool' ? 'storage' : level.toLowerCase();
  return new DurastackError('INVALID_INPUT', `${name} has one value whatever the ${what}: leave ${what}id out.`);
}

/** Settings of accounts are those of domains too where the cloud says so. */
async function alsoOfDomains(tx: Tx, name: GlobalSettingName): Promise<'Domain'[]> {
  if (levelOf(name) !== 'Account') return [];
  return (await readGlobalSettings(tx))['enable.account.settings.for.domain'] ? ['Domain'] : [];
}

/**
 * Gives a setting the value that a text stands for; undefined: its default.
 *
 * @throws DurastackError INVALID_INPUT saying what it may be
 */
export async function writeSetting(tx: Tx, target: Target, text: string | undefined): Promise<Configuration> {
  if (target.kind === 'clusters') {
    const { name, clusterId } = target;
    await writeClusterSetting(tx, target, text === undefined ? undefined : parseClusterSetting(name, text));
    return clusterConfiguration(name, (await readClusterSettings(tx, clusterId))[name]);
  }
  const { name, place } = target;
  const value = text === undefined ? undefined : parseSetting(name, GLOBAL_SETTINGS[name], text);
  if (place.level === 'Global') await writeGlobalSetting(tx, name, value);
  else await writeResourceSetting(tx, { resourceId: place.id, name }, value);
  if (name === OVERPROVISIONING) await applyOverprovisioning(tx);
  return globalConfiguration(name, (await readAt(tx, place))[name]);
}

/** All settings that a place can have a value of, with those that it has; of the whole cloud: everything. */
export async function readConfigurations(tx: Tx, given: GivenPlace): Promise<Configuration[]> {
  const place = await requirePlace(tx, given);
  if (place.level === 'Cluster') return ofClusters(tx, place.id);
  const values = await readAt(tx, place);
  const found: Configuration[] = place.level === 'Global' ? await ofClusters(tx, ALL_CLUSTERS) : [];
  for (const name of Object.keys(GLOBAL_SETTINGS) as GlobalSettingName[]) {
    const levels: readonly (string | undefined)[] = [levelOf(name), ...(await alsoOfDomains(tx, name))];
    if (place.level === 'Global' || levels.includes(place.level)) found.push(globalConfiguration(name, values[name]));
  }
  return found;
}

async function ofClusters(tx: Tx, clusterId: string): Promise<Configuration[]> {
  const values = await readClusterSettings(tx, clusterId);
  return (Object.keys(CLUSTER_SETTINGS) as ClusterSettingName[])
    .filter((name) => clusterId === ALL_CLUSTERS || !isGlobalSetting(name))
    .map((name) => clusterConfiguration(name, values[name]));
}

function globalConfiguration(name: GlobalSettingName, value: SettingValue): Configuration {
  return configurationOf(name, GLOBAL_SETTINGS[name], { value, scope: levelOf(name) ?? 'Global' });
}

function clusterConfiguration(name: ClusterSettingName, value: SettingValue): Configuration {
  return configurationOf(name, CLUSTER_SETTINGS[name], { value, scope: isGlobalSetting(name) ? 'Global' : 'Cluster' });
}

function configurationOf(
  name: string,
  setting: SettingOf<SettingValue>,
  { value, scope }: { readonly value: SettingValue; readonly scope: string },
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
