import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { machineUserDataView } from './user-data.view.js';

/** Shows the user data of a machine. */
export const getVirtualMachineUserData = defineCommand({
  name: 'getVirtualMachineUserData',
  domain: 'compute',
  description: 'Shows the user data of a virtual machine.',
  rest: { method: 'GET', path: '/virtual-machines/{virtualMachineId}/user-data' },
  roles: ALL_ROLES,
  params: z.object({ virtualMachineId: uuid('The virtual machine.') }),
  result: machineUserDataView,
  wrapper: 'virtualmachineuserdata',
  readOnly: true,
});
