/** What accounts, projects and domains may have where nobody has set a limit: settings by CloudStack's names. */
import type { SettingOf } from '../infra/setting-kinds.js';
import { numberOfKind, UNLIMITED_MAX, type CountedKind } from './resource-kinds.js';

/** Of whom there are default limits. */
export const LIMITED_OWNERS = ['account', 'project', 'domain'] as const;
/** See {@link LIMITED_OWNERS}. */
export type LimitedOwner = (typeof LIMITED_OWNERS)[number];

const WORDS = {
  user_vm: ['user.vms', 'machines'],
  public_ip: ['public.ips', 'public addresses'],
  volume: ['volumes', 'volumes'],
  template: ['templates', 'templates'],
  project: ['projects', 'projects'],
  network: ['networks', 'networks'],
  cpu: ['cpus', 'processors of machines'],
  memory: ['memory', 'MiB of memory of machines'],
  primary_storage: ['primary.storage', 'GiB of volumes'],
  secondary_storage: ['secondary.storage', 'GiB of templates'],
} as const satisfies Record<CountedKind, readonly [string, string]>;

/** Name of a setting. */
export type DefaultLimitName = `max.${LimitedOwner}.${(typeof WORDS)[CountedKind][0]}`;

const KINDS = Object.keys(WORDS) as CountedKind[];

const nameOf = (owner: LimitedOwner, kind: CountedKind): DefaultLimitName => `max.${owner}.${WORDS[kind][0]}`;

const settingOf = (owner: LimitedOwner, kind: CountedKind): SettingOf<number> => ({
  ...{ type: 'Integer', byDefault: UNLIMITED_MAX, min: UNLIMITED_MAX, max: 2_147_483_647, group: 'Limits' },
  description: `How many ${WORDS[kind][1]} ${owner === 'account' ? 'an' : 'a'} ${owner} may have for which nothing else is set; -1: any number.`,
});

/** The settings. */
export const DEFAULT_LIMITS = Object.fromEntries(
  LIMITED_OWNERS.flatMap((owner) => KINDS.map((kind) => [nameOf(owner, kind), settingOf(owner, kind)] as const)),
) as Readonly<Record<DefaultLimitName, SettingOf<number>>>;

const NAMES: readonly (readonly [number: number, name: Readonly<Record<LimitedOwner, DefaultLimitName>>])[] = KINDS.map(
  (kind) => [
    numberOfKind(kind),
    { account: nameOf('account', kind), project: nameOf('project', kind), domain: nameOf('domain', kind) },
  ],
);

/**
 * The default limits of an owner, by the number of the kind.
 *
 * @param values of the settings; those that are missing have their defaults
 */
export function defaultLimitsOf(
  owner: LimitedOwner,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<number, number>> {
  const limits: Record<number, number> = {};
  for (const [number, names] of NAMES) limits[number] = Number(values[names[owner]] ?? UNLIMITED_MAX);
  return limits;
}
