import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Makes an interface the default one of a machine. */
export const updateDefaultNicForVirtualMachine = defineCommand({
  name: 'updateDefaultNicForVirtualMachine',
  domain: 'compute',
  description:
    'Makes an interface the default one of a virtual machine. Its guest is told nothing: it goes by what DHCP says.',
  event: 'NIC.UPDATE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/nics/{nicId}/default' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    nicId: uuid('The interface.'),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  answersAsJob: true,
});
