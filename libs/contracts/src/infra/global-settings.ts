/** Settings of the whole cloud, by CloudStack's names, with what they may be. */
import type { SettingOf, SettingValue } from './setting-kinds.js';

const PROJECTS = 'Projects';

/** Every one of them. */
export const GLOBAL_SETTINGS = {
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
    ...{ type: 'Boolean', byDefault: true, group: PROJECTS },
    description: 'Whether users may create projects; administrators always may.',
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
