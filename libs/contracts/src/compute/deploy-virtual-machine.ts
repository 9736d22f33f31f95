import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, list, long, map, mapList, text, uuid, word, TAG_LENGTHS } from '../fields.js';
import { USER_DATA_DETAILS } from './user-data.view.js';
import { haPriority } from './ha-priority.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Creates a virtual machine from a template and starts it (unless told otherwise). */
export const deployVirtualMachine = defineCommand({
  name: 'deployVirtualMachine',
  domain: 'compute',
  description: 'Creates and starts a virtual machine from a template, of the size of a service offering.',
  event: 'VM.CREATE',
  rest: { method: 'POST', path: '/virtual-machines' },
  roles: ALL_ROLES,
  params: z.object({
    zoneId: uuid('The zone to run in'),
    serviceOfferingId: uuid('The size of the machine'),
    templateId: uuid('The template of its root disk'),
    name: text('Host name of the machine: letters, digits and hyphens', { max: 63 }).optional(),
    displayName: text('A name for people').optional(),
    networkIds: list('Networks to join; the first is the default one', word).optional(),
    ipToNetworkList: mapList('Networks with the address wanted there: networkid, ip').optional(),
    ipAddress: text('Address wanted on the default network', { max: 45 }).optional(),
    startVm: bool('Start it at once; true when not given').optional(),
    userData: text('User data for cloud-init, base64', { max: 1_048_576, secret: true }).optional(),
    userDataId: uuid('User data that was registered, instead').optional(),
    userDataDetails: map(USER_DATA_DETAILS, { secret: true }).optional(),
    keyPair: text('Name of an SSH key pair').optional(),
    keyPairs: list('Names of SSH key pairs', word).optional(),
    diskOfferingId: uuid('A data disk of this offering is made with it').optional(),
    size: long('GiB of that data disk, where its offering leaves the size open', { min: 1, max: 65_536 }).optional(),
    rootDiskSize: long('Size of the root disk in GiB; at least that of the template', {
      min: 1,
      max: 65_536,
    }).optional(),
    group: text('Name of a group of machines').optional(),
    hostId: uuid('Start it on this host (administrators)').optional(),
    affinityGroupIds: list('Affinity groups to put it into, of its account', uuid('A group')).optional(),
    affinityGroupNames: list('Affinity groups by their names, instead of ids', word).optional(),
    hypervisor: text('The hypervisor; that of the template when not given').optional(),
    account: text('Deploy for this account, with domainid (administrators)').optional(),
    projectId: uuid('Deploy for this project, instead of an account.').optional(),
    domainId: uuid('Domain of the account').optional(),
    displayVm: bool('Whether users see it').optional(),
    haPriority: haPriority(
      'How important it is when hosts fail or are emptied; that of its service offering when not given, and at most that but for the root administrator',
    ).optional(),
    details: map(
      'Free details, as addResourceDetail puts on it; and its size, where the offering leaves it open: cpuNumber, cpuSpeed and memory (MiB)',
      { key: TAG_LENGTHS.key },
    ).optional(),
    tags: map('Tags of the machine', TAG_LENGTHS).optional(),
    customId: uuid('An id of your own (administrators)').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Deploy',
    resource: 'virtual-machine',
    creates: true,
    locks: { 'virtual-machine': 'exclusive', network: 'shared', template: 'shared', host: 'shared' },
    lifecycle: { succeed: 'Started', undo: 'DeployUndone' },
  },
});
