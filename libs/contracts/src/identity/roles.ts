/** Roles in CloudStack's words: types of roles, and the ones that come with the product. */
import type { Role } from '../command.js';
import type { RoleRule } from './role-rules.js';

/** CloudStack's types of roles. */
export const ROLE_TYPES = ['Admin', 'ResourceAdmin', 'DomainAdmin', 'User'] as const;

/** See {@link ROLE_TYPES}. */
export type RoleType = (typeof ROLE_TYPES)[number];

/** How far a caller sees: everything, a domain with all below it, or the own account. */
export type CallerClass = Exclude<Role, 'anyone'>;

const TYPES: Readonly<Record<RoleType, { readonly accountType: number; readonly callerClass: CallerClass }>> = {
  Admin: { accountType: 1, callerClass: 'admin' },
  ResourceAdmin: { accountType: 3, callerClass: 'domain-admin' },
  DomainAdmin: { accountType: 2, callerClass: 'domain-admin' },
  User: { accountType: 0, callerClass: 'user' },
};

/** CloudStack's number of the accounts with roles of a type. */
export const accountTypeOf = (type: RoleType): number => TYPES[type].accountType;

/** How far accounts with roles of a type see. */
export const callerClassOf = (type: RoleType): CallerClass => TYPES[type].callerClass;

const BY_LOWER_NAME: ReadonlyMap<string, RoleType> = new Map(ROLE_TYPES.map((type) => [type.toLowerCase(), type]));

/** A text as a type of roles, compared without case; undefined for any other. */
export function roleTypeOf(name: unknown): RoleType | undefined {
  return BY_LOWER_NAME.get(String(name).toLowerCase());
}

/** The type of roles of a number; undefined for a number that is none. */
export function roleTypeOfAccountType(accountType: number): RoleType | undefined {
  return ROLE_TYPES.find((type) => TYPES[type].accountType === accountType);
}

/** A role that comes with the product. Nobody changes it. */
export interface BuiltInRole {
  readonly id: string;
  readonly name: string;
  readonly type: RoleType;
  readonly description: string;
  /** Absent: everything that commands declare for its type. */
  readonly rules?: readonly RoleRule[];
}

const allow = (...names: readonly string[]): RoleRule[] => names.map((rule) => ({ rule, permission: 'allow' }));
const READING = [
  { rule: 'getUploadParamsFor*', permission: 'deny' },
  // Keys are secrets: who reads another's acts as that one.
  { rule: 'getUserKeys', permission: 'deny' },
  ...allow('list*', 'get*', 'find*', 'query*', 'logout', 'isAccountAllowedToCreateOfferingsWithTags'),
] as const satisfies readonly RoleRule[];
const NOTHING_ELSE = { rule: '*', permission: 'deny' } as const;
const SUPPORT_OF_MACHINES = [
  ...['startVirtualMachine', 'stopVirtualMachine', 'rebootVirtualMachine', 'startKubernetesCluster'],
  ...['stopKubernetesCluster', 'createVolume', 'attachVolume', 'detachVolume', 'uploadVolume', 'attachIso'],
  ...['detachIso', 'registerTemplate', 'registerIso', 'getUploadParamsFor*', 'createConsoleEndpoint'],
];
const SUPPORT_OF_HOSTS = [
  ...['prepareHostForMaintenance', 'cancelHostMaintenance', 'enableStorageMaintenance', 'cancelStorageMaintenance'],
  ...['createServiceOffering', 'createDiskOffering', 'createNetworkOffering', 'createVPCOffering'],
];

/** All of them, in CloudStack's order. Ids are for ever. */
export const BUILT_IN_ROLES = [
  {
    id: '01e00000-0000-4000-8000-000000000001',
    name: 'Root Admin',
    type: 'Admin',
    description: 'Everything.',
    rules: allow('*'),
  },
  {
    id: '01e00000-0000-4000-8000-000000000003',
    name: 'Resource Admin',
    type: 'ResourceAdmin',
    description: 'What administrators of a domain may do.',
  },
  {
    id: '01e00000-0000-4000-8000-000000000002',
    name: 'Domain Admin',
    type: 'DomainAdmin',
    description: 'Administers a domain and all below it.',
  },
  {
    id: '01e00000-0000-4000-8000-000000000004',
    name: 'User',
    type: 'User',
    description: 'Uses what the own account owns.',
  },
  {
    id: '01e00000-0000-4000-8000-000000000005',
    name: 'Read-Only Admin - Default',
    type: 'Admin',
    description: 'Sees everything, changes nothing.',
    rules: [...READING, NOTHING_ELSE],
  },
  {
    id: '01e00000-0000-4000-8000-000000000006',
    name: 'Read-Only User - Default',
    type: 'User',
    description: 'Sees what the own account owns, changes nothing.',
    rules: [...READING, NOTHING_ELSE],
  },
  {
    id: '01e00000-0000-4000-8000-000000000007',
    name: 'Support Admin - Default',
    type: 'Admin',
    description: 'Sees everything; runs machines and volumes, and maintains hosts.',
    rules: [...allow(...SUPPORT_OF_HOSTS, ...SUPPORT_OF_MACHINES), ...READING, NOTHING_ELSE],
  },
  {
    id: '01e00000-0000-4000-8000-000000000008',
    name: 'Support User - Default',
    type: 'User',
    description: 'Sees what the own account owns; runs its machines and volumes.',
    rules: [...allow(...SUPPORT_OF_MACHINES), ...READING, NOTHING_ELSE],
  },
] as const satisfies readonly BuiltInRole[];

/** The built-in role with this id. */
export function builtInRole(id: string): BuiltInRole | undefined {
  return BUILT_IN_ROLES.find((role) => role.id === id);
}

/** The role of accounts that are only said to be of a type: the first built-in one. */
export function defaultRoleOf(type: RoleType): BuiltInRole {
  return BUILT_IN_ROLES.find((role) => role.type === type) ?? BUILT_IN_ROLES[3];
}
