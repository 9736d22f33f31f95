import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { ids, scopedListParams, tagFilter } from '../list-params.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Lists virtual machines. */
export const listVirtualMachines = defineListCommand({
  name: 'listVirtualMachines',
  domain: 'compute',
  description: 'Lists virtual machines.',
  rest: { method: 'GET', path: '/virtual-machines' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    ids,
    name: text('Only the one with this name.').optional(),
    state: text('Only those in this state; Present: all but destroyed ones.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    podId: uuid('Only those on hosts of this pod.').optional(),
    clusterId: uuid('Only those on hosts of this cluster.').optional(),
    hostId: uuid('Only those on this host.').optional(),
    networkId: uuid('Only those on this network.').optional(),
    affinityGroupId: uuid('Only those in this affinity group.').optional(),
    templateId: uuid('Only those made from this template.').optional(),
    isoId: uuid('Only those with this ISO in their CD drive.').optional(),
    serviceOfferingId: uuid('Only those of this size.').optional(),
    storageId: uuid('Only those with a disk on this pool.').optional(),
    userId: uuid('Only those deployed by this user.').optional(),
    userDataId: uuid('Only those whose user data was copied from this record.').optional(),
    group: text('Only those of the group of this name.').optional(),
    groupId: uuid('Only those of this group.').optional(),
    keyPair: text('Only those deployed with this key pair.').optional(),
    hypervisor: text('Only those of this hypervisor.').optional(),
    displayVm: bool('Only those that users see, or do not.').optional(),
    haEnable: bool('Only those that are started elsewhere when their host fails.').optional(),
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
    isVnf: bool('Accepted for compatibility: there are no VNF appliances.').optional(),
    forVirtualNetwork: bool('Accepted for compatibility.').optional(),
    tags: tagFilter,
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
});
