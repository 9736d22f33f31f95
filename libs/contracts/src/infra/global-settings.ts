/** Settings of the whole cloud, by CloudStack's names, with what they may be. */
import { DEFAULT_LIMITS } from '../identity/default-limits.js';
import type { SettingOf, SettingValue } from './setting-kinds.js';

const PROJECTS = 'Projects';
const LOGIN = 'Login';
const SETTINGS = 'Settings';

const passwords = (what: string, most: number): SettingOf<number> => ({
  ...{ type: 'Integer', byDefault: 0, min: 0, max: most, group: LOGIN, level: 'Domain' },
  description: `How many ${what} a new password has at least.`,
});

/** Every one of them. */
export const GLOBAL_SETTINGS = {
  'password.policy.minimum.length': passwords('characters', 255),
  'password.policy.minimum.uppercase.letters': passwords('upper case letters', 100),
  'password.policy.minimum.lowercase.letters': passwords('lower case letters', 100),
  'password.policy.minimum.digits': passwords('digits', 100),
  'password.policy.minimum.special.characters': passwords('characters that are neither letters nor digits', 100),
  'password.policy.allowPasswordToContainUsername': {
    ...{ type: 'Boolean', byDefault: true, group: LOGIN, level: 'Domain' },
    description: "Whether a new password may contain the user's name.",
  },
  'password.policy.regex': {
    ...{ type: 'String', byDefault: '', isPattern: true, group: LOGIN, level: 'Domain' },
    description: 'A regular expression that a new password matches; empty: any.',
  },
  'incorrect.login.attempts.allowed': {
    ...{ type: 'Integer', byDefault: 5, min: 0, max: 1_000, group: LOGIN },
    description:
      'How many logins in turn may fail before the user is disabled, until an administrator enables it; 0: any number. The first user, admin, is only slowed down.',
  },
  'session.timeout': {
    ...{ type: 'Integer', byDefault: 30, min: 1, max: 10_080, group: LOGIN },
    description: 'Minutes of silence after which a session ends; counts for logins from now on.',
  },
  'api.allowed.source.cidr.list': {
    ...{ type: 'String', byDefault: '0.0.0.0/0,::/0', isCidrs: true, group: LOGIN, level: 'Account' },
    description: 'The networks from which calls are taken, comma-joined.',
  },
  ...DEFAULT_LIMITS,
  'project.invite.required': {
    ...{ type: 'Boolean', byDefault: false, group: PROJECTS },
    description:
      'Whether members of projects are invited, and come in when they accept, instead of being added at once.',
  },
  'project.invite.timeout': {
    ...{ type: 'Integer', byDefault: 86_400_000, min: 1_000, max: 31_536_000_000, group: PROJECTS },
    description: 'Milliseconds after which an invitation that nobody answered has expired.',
  },
  'allow.user.create.projects': {
    ...{ type: 'Boolean', byDefault: true, group: PROJECTS, level: 'Domain' },
    description: 'Whether users may create projects; administrators always may.',
  },
  'allow.public.user.templates': {
    ...{ type: 'Boolean', byDefault: true, group: 'Templates', level: 'Account' },
    description: 'Whether users may show their templates to everybody; administrators always may.',
  },
  'storage.overprovisioning.factor': {
    ...{ type: 'Float', byDefault: 2, min: 1, max: 100, group: 'Storage', level: 'StoragePool' },
    description: 'How many times its capacity a storage pool offers: volumes are thin.',
  },
  'enable.domain.settings.for.child.domain': {
    ...{ type: 'Boolean', byDefault: false, group: SETTINGS },
    description:
      'Whether a domain without its own value of a setting has that of the nearest domain above it which has one, before that of the whole cloud.',
  },
  'enable.account.settings.for.domain': {
    ...{ type: 'Boolean', byDefault: false, group: SETTINGS },
    description:
      'Whether settings of accounts can be given to domains too: an account without its own value has that of its domain, before that of the whole cloud.',
  },
} as const satisfies Record<string, SettingOf<SettingValue>>;

/** A key of {@link GLOBAL_SETTINGS}. */
export type GlobalSettingName = keyof typeof GLOBAL_SETTINGS;

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string;

/** A value of each. */
export type GlobalSettings = { readonly [N in GlobalSettingName]: Widened<(typeof GLOBAL_SETTINGS)[N]['byDefault']> };

/** The setting of a name, compared without case. */
export function globalSettingOf(name: string): GlobalSettingName | undefined {
  const wanted = name.toLowerCase();
  return (Object.keys(GLOBAL_SETTINGS) as GlobalSettingName[]).find((known) => known.toLowerCase() === wanted);
}
