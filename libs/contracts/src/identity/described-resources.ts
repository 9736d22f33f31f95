/** What can bear details and annotations, and CloudStack's names for it: another one for each of the two. */
import type { ResourceType } from '../resources.js';

const OWNED = ['virtual-machine', 'volume', 'template', 'network', 'ssh-key-pair'] as const;
const UNOWNED = [
  ...(['zone', 'pod', 'cluster', 'host', 'domain', 'storage-pool', 'image-store'] as const),
  ...(['service-offering', 'disk-offering', 'network-offering'] as const),
] as const;

/** Something that can be described by people: of an account, or of the cloud. */
export type DescribedType = Extract<ResourceType, (typeof OWNED)[number] | (typeof UNOWNED)[number]>;

/** Whether things of this kind belong to accounts; those of the cloud are the root administrator's. */
export const isOwnedType = (type: DescribedType): boolean => (OWNED as readonly ResourceType[]).includes(type);

/** Kinds that bear details, by their names in addResourceDetail. */
export const DETAILED_TYPES = {
  UserVm: 'virtual-machine',
  Volume: 'volume',
  Template: 'template',
  ISO: 'template',
  Network: 'network',
  Zone: 'zone',
  Storage: 'storage-pool',
  ServiceOffering: 'service-offering',
  DiskOffering: 'disk-offering',
} as const satisfies Record<string, DescribedType>;

/** Kinds that bear annotations, by their names in addAnnotation. */
export const ANNOTATED_TYPES = {
  VM: 'virtual-machine',
  VOLUME: 'volume',
  TEMPLATE: 'template',
  ISO: 'template',
  NETWORK: 'network',
  SSH_KEYPAIR: 'ssh-key-pair',
  ZONE: 'zone',
  POD: 'pod',
  CLUSTER: 'cluster',
  HOST: 'host',
  DOMAIN: 'domain',
  PRIMARY_STORAGE: 'storage-pool',
  SECONDARY_STORAGE: 'image-store',
  SERVICE_OFFERING: 'service-offering',
  DISK_OFFERING: 'disk-offering',
  NETWORK_OFFERING: 'network-offering',
} as const satisfies Record<string, DescribedType>;

/** The kind of a name, compared without case. */
export function describedTypeOf(
  names: Readonly<Record<string, DescribedType>>,
  wanted: string,
): DescribedType | undefined {
  return Object.entries(names).find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];
}

/** CloudStack's name of a kind. */
export function describedTypeName(names: Readonly<Record<string, DescribedType>>, type: string): string {
  return Object.entries(names).find(([, known]) => known === type)?.[0] ?? type;
}
