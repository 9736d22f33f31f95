import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, map, TAG_LENGTHS, text, uuid } from '../fields.js';
import { USER_DATA_DETAILS } from './user-data.view.js';
import { haPriority } from './ha-priority.js';
import { virtualMachineView } from './virtual-machine.view.js';

/**
 * Changes what a machine is called, how important it is, its details, and its user data.
 *
 * `displayName`, `group`, `displayVm`, `haEnable`, `haPriority` and `details` can be changed at any time; `name` and `userData`, which
 * steps of operations read, not while an operation holds the machine.
 */
export const updateVirtualMachine = defineCommand({
  name: 'updateVirtualMachine',
  domain: 'compute',
  description:
    'Changes the names, group, priority, details or user data of a virtual machine; user data counts from the next start.',
  event: 'VM.UPDATE',
  rest: { method: 'PATCH', path: '/virtual-machines/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine.'),
    displayName: text('Its new name for people.').optional(),
    name: text('Its new host name, from the next start.', { max: 63 }).optional(),
    group: text('The group it belongs to; empty for none.').optional(),
    displayVm: bool('Whether users see it.').optional(),
    haEnable: bool('Accepted for compatibility: the service offering decides.').optional(),
    haPriority: haPriority(
      'How important it is when hosts fail or are emptied; at most that of its service offering but for the root administrator',
    ).optional(),
    userData: text('User data for cloud-init, base64; empty for none.', { max: 1_048_576, secret: true }).optional(),
    userDataId: uuid('User data that was registered, instead.').optional(),
    userDataDetails: map(USER_DATA_DETAILS, { secret: true }).optional(),
    details: map('Free details, in place of those it has', { key: TAG_LENGTHS.key }).optional(),
    cleanupDetails: bool('Takes away the details it has.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
});
