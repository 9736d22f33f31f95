/** Kinds of things that operations lock, claim and reserve. Each is one table with a row per id. */
export const RESOURCE_TYPES = [
  'domain',
  'account',
  'user',
  'role',
  'project',
  'zone',
  'pod',
  'cluster',
  'host',
  'service-offering',
  'disk-offering',
  'storage-pool',
  'image-store',
  'template',
  'network-offering',
  'vpc-offering',
  'network',
  'vlan-ip-range',
  'public-ip',
  'ssh-key-pair',
  'affinity-group',
  'virtual-machine',
  'volume',
] as const;

/** See {@link RESOURCE_TYPES}. */
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** One thing. */
export interface ResourceRef {
  readonly type: ResourceType;
  readonly id: string;
}
