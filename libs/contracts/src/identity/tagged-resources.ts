/** What can bear tags, and CloudStack's names for it. */
import type { ResourceType } from '../resources.js';

const NAMES = {
  UserVm: 'virtual-machine',
  Volume: 'volume',
  Template: 'template',
  ISO: 'template',
  Network: 'network',
  Zone: 'zone',
  Host: 'host',
  Project: 'project',
  Domain: 'domain',
  Account: 'account',
  User: 'user',
} as const satisfies Record<string, ResourceType>;

/** Names of kinds that can bear tags, as createTags takes them. */
export const TAG_TYPE_NAMES = Object.keys(NAMES) as readonly string[] as readonly (keyof typeof NAMES)[];

/** A kind that can bear tags. */
export type TaggedType = (typeof NAMES)[keyof typeof NAMES];

/** The kind of a name, compared without case; `VirtualMachine` is another name of UserVm. */
export function tagTypeOf(name: string): TaggedType | undefined {
  const wanted = name.toLowerCase() === 'virtualmachine' ? 'uservm' : name.toLowerCase();
  return Object.entries(NAMES).find(([known]) => known.toLowerCase() === wanted)?.[1];
}

/** CloudStack's name of a kind; its own name when it cannot bear tags. */
export function tagTypeName(type: ResourceType): string {
  return Object.entries(NAMES).find(([, known]) => known === type)?.[0] ?? type;
}
