/** What limits are set on, with CloudStack's numbers and names. */

/** All of them, by number. */
export const RESOURCE_KINDS = [
  ...['user_vm', 'public_ip', 'volume', 'snapshot', 'template', 'project', 'network', 'vpc', 'cpu', 'memory'],
  ...['primary_storage', 'secondary_storage', 'backup', 'backup_storage', 'bucket', 'object_storage', 'gpu'],
] as const satisfies readonly string[];

/** The kinds of which there can be some here; of the others there are none, whatever their limit. */
export const COUNTED_KINDS = [
  ...(['user_vm', 'public_ip', 'volume', 'template', 'project', 'network'] as const),
  ...(['cpu', 'memory', 'primary_storage', 'secondary_storage'] as const),
] as const;

/** See {@link COUNTED_KINDS}. */
export type CountedKind = (typeof COUNTED_KINDS)[number];

/** CloudStack's number of a kind. */
export const numberOfKind = (kind: (typeof RESOURCE_KINDS)[number]): number => RESOURCE_KINDS.indexOf(kind);

/** The kind of a number, when some of it can be counted. */
export const countedKind = (number: number): CountedKind | undefined =>
  COUNTED_KINDS.find((kind) => numberOfKind(kind) === number);

/** No limit. */
export const UNLIMITED_MAX = -1;

const GIB = 1024 ** 3;

/** How much one of a limit is, in what is counted: limits on storage are in GiB, what there is in bytes. */
export const unitOf = (kind: string): number => (kind.endsWith('_storage') ? GIB : 1);
