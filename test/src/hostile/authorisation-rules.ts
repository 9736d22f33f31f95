/**
 * Who may do what, stated: a class for every command, and for every class what each caller gets. Nothing of it is
 * computed from the product; `authorisation.spec.ts` holds the product against it, and fails for a command that has no
 * row here.
 */

/** Who calls. The targets are `owner`'s own things; for `member` and `nonmember` those of the owner's project. */
export const CALLERS = [
  ...(['nobody', 'other', 'same', 'beside', 'above', 'root', 'owner', 'member', 'nonmember'] as const),
  ...(['disabled', 'locked', 'expired', 'replaced'] as const),
] as const;
/**
 * `nobody` has no credentials; `other` is a user of another domain, `same` one of another account of the owner's
 * domain; `beside` and `above` administer another domain and the owner's; `member` is a regular member of the owner's
 * project, `nonmember` is as `same`. The rest come with credentials that are over: of a `disabled` user of the owner, of
 * another account that was `locked`, by a signature of the owner that is `expired`, with keys that were `replaced`.
 */
export type CallerName = (typeof CALLERS)[number];

/**
 * What a caller gets. `ok`: the call gets to its work. `none`: the very answer for a thing that does not exist. `432`:
 * there is no such command. `told`: 432 as well, but with the reason, to those who may see the thing. `401`: the
 * credentials are no good.
 */
export type Verdict = 'ok' | 'none' | '432' | 'told' | '401';

const row = (text: string): Readonly<Record<CallerName, Verdict>> => {
  const verdicts = [...text.trim().split(/ +/), '401', '401', '401', '401'] as Verdict[];
  return Object.fromEntries(CALLERS.map((caller, index) => [caller, verdicts[index]])) as Record<CallerName, Verdict>;
};

/** What each caller gets of a class of commands. */
export const CLASSES = {
  //            nobody other same beside above root owner member nonmember; then 401 for disabled, locked, expired, replaced
  /** What belongs to nobody, or to whoever asks. */
  everyone: row('401 ok   ok   ok   ok  ok  ok  ok   ok'),
  /** For administrators of domains, about nothing of a tenant's. */
  admins: row('  401 432  432  ok   ok  ok  432 432  432'),
  /** For the administrator of everything. */
  root: row('    401 432  432  432  432 ok  432 432  432'),
  /** Acts on, shows or creates what an account or a project owns. */
  owned: row('   401 none none none ok  ok  ok  ok   none'),
  /** The same for what no project owns. */
  personal: row('401 none none none ok  ok  ok  none none'),
  /** Changes a project: for its administrators, and from above. */
  managed: row(' 401 none none none ok  ok  ok  told none'),
  /** Takes away what somebody wrote: its author, and the administrator of everything. */
  authored: row('401 none none none told ok ok  told none'),
  /** Changes domains, accounts, users and their limits: from above. */
  governed: row('401 432  432  none ok  ok  432 432  432'),
} as const;

/** What commands without credentials give: to everybody alike. */
export const OPEN_COMMANDS = ['login'] as const;

/** Kinds of things, each with one of the owner's own; some also with one of the owner's project. */
export type ThingKind =
  | (
      | 'machine'
      | 'volume'
      | 'template'
      | 'iso'
      | 'network'
      | 'keypair'
      | 'userdata'
      | 'job'
      | 'instancegroup'
      | 'affinitygroup'
      | 'ip'
      | 'nic'
      | 'secondaryip'
    )
  | ('event' | 'annotation' | 'project' | 'invitation' | 'domain' | 'account' | 'user' | 'apikey')
  /** The owner itself: by `account` and `domainid`, or the project by `projectid`. */
  | 'owner';

/** How the thing is named: parameter and kind. Classes without a thing need none. */
export interface Naming {
  readonly class: keyof typeof CLASSES;
  readonly by?: readonly [parameter: string, kind: ThingKind];
  readonly commands: string;
}

/** The rows. A command may stand in several, once for each parameter that names a thing. */
export const RULES: readonly Naming[] = [
  {
    class: 'everyone',
    commands: `listAffinityGroupTypes listApis listCapabilities listDiskOfferings listEventTypes listHypervisors
      listIpForwardingRules
      listNetworkOfferings listOsCategories listOsTypes listPortForwardingRules listServiceOfferings listVPCOfferings
      listZones logout`,
  },
  { class: 'admins', commands: 'listRolePermissions listRoles' },
  {
    class: 'owned',
    by: ['id', 'machine'],
    commands: `changeServiceForVirtualMachine destroyVirtualMachine expungeVirtualMachine getVirtualMachineSerialLog
      listVirtualMachines listVirtualMachinesMetrics rebootVirtualMachine recoverVirtualMachine resetSSHKeyForVirtualMachine
      resetUserDataForVirtualMachine scaleVirtualMachine startVirtualMachine
      stopVirtualMachine updateVirtualMachine updateVMAffinityGroup`,
  },
  {
    class: 'owned',
    by: ['virtualmachineid', 'machine'],
    commands: `addNicToVirtualMachine attachIso attachVolume createConsoleEndpoint createTemplate detachIso
      getVirtualMachineUserData listAffinityGroups listNics listServiceOfferings listVolumes listVolumesMetrics
      removeNicFromVirtualMachine restoreVirtualMachine
      updateDefaultNicForVirtualMachine`,
  },
  { class: 'owned', by: ['nicid', 'nic'], commands: 'addIpToNic updateVmNicIp' },
  { class: 'owned', by: ['id', 'secondaryip'], commands: 'removeIpFromNic' },
  { class: 'owned', by: ['resourceids', 'machine'], commands: 'createTags deleteTags' },
  {
    class: 'owned',
    by: ['resourceid', 'machine'],
    commands: 'listAsyncJobs listDetailOptions listEvents listResourceDetails listTags',
  },
  { class: 'owned', by: ['entityid', 'machine'], commands: 'addAnnotation listAnnotations' },
  { class: 'authored', by: ['id', 'annotation'], commands: 'removeAnnotation' },
  {
    class: 'owned',
    by: ['id', 'volume'],
    commands: 'attachVolume deleteVolume detachVolume listVolumes listVolumesMetrics resizeVolume updateVolume',
  },
  {
    class: 'owned',
    by: ['id', 'template'],
    commands: 'deleteTemplate listTemplatePermissions listTemplates updateTemplate updateTemplatePermissions',
  },
  { class: 'owned', by: ['id', 'iso'], commands: 'attachIso deleteIso listIsos updateIso' },
  { class: 'owned', by: ['templateid', 'template'], commands: 'deployVirtualMachine listVirtualMachines' },
  { class: 'owned', by: ['id', 'network'], commands: 'deleteNetwork listNetworks updateNetwork' },
  {
    class: 'owned',
    by: ['networkid', 'network'],
    commands: 'associateIpAddress listNetworkOfferings listVirtualMachines',
  },
  { class: 'owned', by: ['networkids', 'network'], commands: 'deployVirtualMachine' },
  { class: 'owned', by: ['id', 'affinitygroup'], commands: 'deleteAffinityGroup listAffinityGroups' },
  {
    class: 'owned',
    by: ['id', 'instancegroup'],
    commands: 'deleteInstanceGroup listInstanceGroups updateInstanceGroup',
  },
  { class: 'owned', by: ['id', 'keypair'], commands: 'listSSHKeyPairs' },
  { class: 'owned', by: ['id', 'userdata'], commands: 'listUserData deleteUserData' },
  { class: 'owned', by: ['id', 'ip'], commands: 'disassociateIpAddress listPublicIpAddresses' },
  { class: 'owned', by: ['jobid', 'job'], commands: 'cancelAsyncJob queryAsyncJobResult' },
  { class: 'owned', by: ['id', 'job'], commands: 'listAsyncJobs' },
  { class: 'owned', by: ['id', 'event'], commands: 'listEvents' },
  {
    class: 'owned',
    by: ['account', 'owner'],
    commands: `associateIpAddress createAffinityGroup createInstanceGroup createNetwork createSSHKeyPair createVolume
      deleteAffinityGroup deleteSSHKeyPair deployVirtualMachine listAffinityGroups listAsyncJobs listInstanceGroups
      listIsos listNetworks listPublicIpAddresses listResourceLimits listSSHKeyPairs listTags listTemplates listVirtualMachines
      listVirtualMachinesMetrics
      listUserData listVolumes listVolumesMetrics registerIso registerSSHKeyPair registerTemplate registerUserData
      updateResourceCount`,
  },
  { class: 'owned', by: ['id', 'project'], commands: 'listProjects' },
  {
    class: 'owned',
    by: ['projectid', 'project'],
    commands: 'listProjectAccounts listProjectRolePermissions listProjectRoles',
  },
  { class: 'personal', by: ['id', 'user'], commands: 'getUserKeys listUsers registerUserKeys updateUser' },
  { class: 'personal', by: ['userapikey', 'apikey'], commands: 'getUser' },
  { class: 'personal', by: ['id', 'account'], commands: 'listAccounts' },
  { class: 'personal', by: ['account', 'owner'], commands: 'createProject listUsers' },
  { class: 'personal', by: ['ids', 'event'], commands: 'archiveEvents deleteEvents' },
  { class: 'personal', by: ['id', 'invitation'], commands: 'listProjectInvitations' },
  { class: 'personal', by: ['projectid', 'project'], commands: 'updateProjectInvitation' },
  { class: 'managed', by: ['id', 'project'], commands: 'activateProject deleteProject suspendProject updateProject' },
  {
    class: 'managed',
    by: ['projectid', 'project'],
    commands: `addAccountToProject addUserToProject createProjectRole createProjectRolePermission
      deleteAccountFromProject deleteProjectRole deleteProjectRolePermission deleteUserFromProject updateProjectRole
      updateProjectRolePermission`,
  },
  { class: 'managed', by: ['id', 'invitation'], commands: 'deleteProjectInvitation' },
  { class: 'governed', by: ['id', 'domain'], commands: 'deleteDomain listDomainChildren listDomains updateDomain' },
  { class: 'governed', by: ['parentdomainid', 'domain'], commands: 'createDomain' },
  { class: 'governed', by: ['domainid', 'domain'], commands: 'createAccount' },
  {
    class: 'governed',
    by: ['id', 'account'],
    commands: 'deleteAccount disableAccount enableAccount isAccountAllowedToCreateOfferingsWithTags updateAccount',
  },
  { class: 'governed', by: ['account', 'owner'], commands: 'createUser lockAccount updateResourceLimit' },
  { class: 'governed', by: ['id', 'user'], commands: 'deleteUser disableUser enableUser lockUser moveUser' },
  {
    class: 'root',
    commands: `acknowledgeRecovery addCluster addHost addImageStore addNetworkServiceProvider addResourceDetail
      addTrafficType createVPCOffering deleteVPCOffering removeResourceDetail updateAnnotationVisibility
      updateVPCOffering
      archiveAlerts beginRecovery cancelHostMaintenance cancelStorageMaintenance changeOutOfBandManagementPassword
      configureHAForHost
      configureOutOfBandManagement createDiskOffering createNetworkOffering createPhysicalNetwork createPod createRole
      createRolePermission createServiceOffering createStoragePool createVlanIpRange createZone declareHostLost
      dedicateCluster dedicateHost dedicatePod dedicateZone deleteAlerts deleteCluster deleteDiskOffering deleteHost
      deleteImageStore deleteNetworkOffering deleteNetworkServiceProvider deletePhysicalNetwork deletePod deleteRole
      deleteRolePermission deleteServiceOffering deleteStoragePool deleteTrafficType deleteVlanIpRange deleteZone
      disableHAForCluster disableHAForHost disableHAForZone disableOutOfBandManagementForCluster
      disableOutOfBandManagementForHost disableOutOfBandManagementForZone disableRole enableHAForCluster
      enableHAForHost enableHAForZone enableOutOfBandManagementForCluster enableOutOfBandManagementForHost
      enableOutOfBandManagementForZone enableRole enableStorageMaintenance executeClusterDrsPlan failOverHost
      failOverVirtualMachine
      findHostsForMigration findStoragePoolsForMigration generateAlert generateClusterDrsPlan getDoctor
      getHostFailurePlan
      getHostMaintenancePlan getRecovery giveUpOperation importRole issueOutOfBandManagementPowerAction listAlerts
      listAlertTypes listCapacity listClustersMetrics listHostTags listHostsMetrics listStoragePoolsMetrics listStorageTags
      listZonesMetrics
      listClusterDrsPlan listClusters listConfigurations listDedicatedClusters listDedicatedHosts listDedicatedPods
      listDedicatedZones listHostHAProviders listHostHAResources listHosts listImageStores listNetworkServiceProviders
      listPhysicalNetworks listPods listStoragePools listStorageProviders listTrafficTypes listVlanIpRanges maintainHost
      markDefaultZoneForAccount migrateVirtualMachine migrateVirtualMachineWithVolume migrateVolume moveDomain
      prepareHostForMaintenance reconnectHost reinstateHost releaseDedicatedCluster releaseDedicatedHost
      releaseDedicatedPod releaseDedicatedZone resetConfiguration retryOperation startRollingMaintenance
      undoOperation updateCluster updateConfiguration updateDiskOffering updateHost updateNetworkOffering
      updateNetworkServiceProvider updatePhysicalNetwork updatePod updateRole updateRolePermission
      updateServiceOffering updateStoragePool updateTrafficType updateZone writeOffHost`,
  },
];

/** What a command is in: its rows. */
export const rulesOf = (command: string): readonly Naming[] =>
  RULES.filter(({ commands }) => commands.split(/\s+/).includes(command));
