import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { map, text, uuid } from '../fields.js';
import { USER_DATA_DETAILS } from './user-data.view.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Gives a stopped machine other user data, which its guest runs at the next start. */
export const resetUserDataForVirtualMachine = defineCommand({
  name: 'resetUserDataForVirtualMachine',
  domain: 'compute',
  description:
    'Gives a stopped virtual machine this user data in place of what it has; none when none is given. Its guest takes the next start for the first of a new instance: cloud-init then runs the user data, and makes host keys anew.',
  event: 'VM.RESETUSERDATA',
  rest: { method: 'POST', path: '/virtual-machines/{id}/reset-user-data' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine; it must be stopped.'),
    userData: text('User data for cloud-init, base64.', { max: 1_048_576, secret: true }).optional(),
    userDataId: uuid("User data that the machine's owner has registered, instead.").optional(),
    userDataDetails: map(USER_DATA_DETAILS, { secret: true }).optional(),
    account: text('Accepted for compatibility: registered user data is that of the owner.').optional(),
    domainId: uuid('Accepted for compatibility.').optional(),
    projectId: uuid('Accepted for compatibility.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
});
