/** The types of affinity groups, in CloudStack's words, and what each means. */
export const AFFINITY_TYPES = {
  'host affinity': { kind: 'affinity', strict: true },
  'host anti-affinity': { kind: 'anti-affinity', strict: true },
  'non-strict host affinity': { kind: 'affinity', strict: false },
  'non-strict host anti-affinity': { kind: 'anti-affinity', strict: false },
} as const;

/** A key of {@link AFFINITY_TYPES}. */
export type AffinityType = keyof typeof AFFINITY_TYPES;

/** The most machines that one group can have: every start of one looks at all others. */
export const MAX_GROUP_MEMBERS = 1_000;
/** The most groups that one machine can be in. */
export const MAX_GROUPS_OF_MACHINE = 16;
