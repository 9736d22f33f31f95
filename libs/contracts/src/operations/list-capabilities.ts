import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, long, text } from '../fields.js';

/** Says what this cloud can do. */
export const listCapabilities = defineCommand({
  name: 'listCapabilities',
  domain: 'operations',
  description: 'Says what this cloud can do.',
  readOnly: true,
  rest: { method: 'GET', path: '/capabilities' },
  roles: ALL_ROLES,
  params: z.object({}),
  result: z.object({
    cloudStackVersion: text('The version of CloudStack whose commands these are.'),
    securityGroupsEnabled: bool('Whether security groups exist.'),
    dynamicRolesEnabled: bool('Whether roles can be made.'),
    supportElb: text('Whether there is an elastic load balancer.', { wireName: 'supportELB' }),
    userPublicTemplateEnabled: bool('Whether users may publish templates.'),
    kvmSnapshotEnabled: bool('Whether disks can be snapshotted.'),
    projectInviteRequired: bool('Whether projects invite.'),
    allowUserCreateProjects: bool('Whether users may make projects.'),
    allowUserExpungeRecoverVm: bool('Whether users may expunge and recover machines.'),
    allowUserExpungeRecoverVolume: bool('Whether users may expunge and recover disks.'),
    allowUserViewDestroyedVm: bool('Whether users see destroyed machines.'),
    allowUserViewAllDomainAccounts: bool('Whether users see other accounts.'),
    allowUserForceStopVm: bool('Whether users may cut the power of machines.'),
    customDiskOfferingMinSize: long('Least GiB of a custom disk.'),
    customDiskOfferingMaxSize: long('Most GiB of a custom disk.'),
    defaultUiPageSize: long('Items on a page of the UI.'),
    dynamicScalingEnabled: bool('Whether machines can grow while they run.'),
    kubernetesServiceEnabled: bool('Whether there are Kubernetes clusters.'),
    kubernetesClusterExperimentalFeaturesEnabled: bool('Whether experimental ones are on.'),
    regionSecondaryEnabled: bool('Whether image stores serve a region.'),
    apiLimitInterval: int('Seconds over which calls are counted.').optional(),
    apiLimitMax: int('Most calls in that time.').optional(),
  }),
  wrapper: 'capability',
});
