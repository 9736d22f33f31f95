/** Settings of clusters, by CloudStack's names, with what they may be. A cluster without its own value has that of all. */
import { parseSetting, type SettingOf, type SettingValue } from './setting-kinds.js';

const DRS = 'DRS';
const MIGRATION = 'Migration';

/** Every setting of a cluster. */
export const CLUSTER_SETTINGS = {
  'drs.automatic.enable': {
    ...{ type: 'Boolean', byDefault: false, group: DRS },
    description: 'Whether the cluster is balanced by itself, now and then.',
  },
  'drs.automatic.interval': {
    ...{ type: 'Integer', byDefault: 60, min: 1, max: 10_080, group: DRS },
    description: 'Minutes from one automatic plan to the next.',
  },
  'drs.max.migrations': {
    ...{ type: 'Integer', byDefault: 50, min: 1, max: 1_000, group: DRS },
    description: 'The greatest number of moves in a plan.',
  },
  'drs.algorithm': {
    ...{ type: 'String', byDefault: 'condensed', options: ['condensed', 'balanced'], group: DRS },
    description: 'balanced spreads load as evenly as it can, condensed gathers it on few hosts.',
  },
  'drs.imbalance': {
    ...{ type: 'Float', byDefault: 0.4, min: 0, max: 1, group: DRS },
    description:
      'From 0 to 1. Of balanced: 1 tolerates no imbalance, 0 any. Of condensed: machines are gathered while the imbalance is below this.',
  },
  'drs.metric': {
    ...{ type: 'String', byDefault: 'memory', options: ['memory', 'cpu'], group: DRS },
    description: 'What is levelled: memory or processors.',
  },
  'drs.metric.type': {
    ...{ type: 'String', byDefault: 'used', options: ['used', 'free'], group: DRS },
    description: 'Whether the imbalance is that of what hosts use, or of what they have left.',
  },
  'drs.metric.use.ratio': {
    ...{ type: 'Boolean', byDefault: true, group: DRS },
    description: 'Whether shares of what each host has are compared (for hosts of different sizes), or MHz and MiB.',
  },
  'drs.imbalance.condensed.skip.threshold': {
    ...{ type: 'Float', byDefault: 0.95, min: 0, max: 1, group: DRS },
    description:
      'From 0 to 1, for condensed alone: hosts of which more than this share is used (of drs.metric.type free: less than this share is left) do not count when it is decided whether machines are to be gathered.',
  },
  'drs.plan.expire.interval': {
    ...{ type: 'Integer', byDefault: 30, min: 1, max: 3_650, group: DRS, global: true },
    description: 'Days after which plans are forgotten.',
  },
  'vm.migrate.postcopy.enable': {
    ...{ type: 'Boolean', byDefault: false, group: MIGRATION },
    description:
      'Whether a machine that writes to its memory faster than that can be sent goes over before its memory, which follows (post-copy). From then on the move cannot be cancelled, and a failure of either host or of what is between them costs what the machine has in memory.',
  },
  'vm.migrate.postcopy.after': {
    ...{ type: 'Integer', byDefault: 60, min: 0, max: 86_400, group: MIGRATION },
    description: 'After how many seconds of copying it does, at the earliest when all memory was sent once.',
  },
} as const satisfies Record<string, SettingOf<SettingValue>>;

/** A key of {@link CLUSTER_SETTINGS}. */
export type ClusterSettingName = keyof typeof CLUSTER_SETTINGS;

/** A value of each. */
export type ClusterSettings = Readonly<Record<ClusterSettingName, SettingValue>>;

/** Whether there is such a setting. */
export const isClusterSetting = (name: string): name is ClusterSettingName => Object.hasOwn(CLUSTER_SETTINGS, name);

/** Whether all clusters together have one value of it. */
export const isGlobalSetting = (name: ClusterSettingName): boolean => 'global' in CLUSTER_SETTINGS[name];

/**
 * The value that a text stands for.
 *
 * @throws DurastackError INVALID_INPUT saying what it may be
 */
export function parseClusterSetting(name: ClusterSettingName, text: string): SettingValue {
  return parseSetting(name, CLUSTER_SETTINGS[name], text);
}
