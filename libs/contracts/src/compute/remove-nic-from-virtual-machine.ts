import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Takes an interface from a machine. */
export const removeNicFromVirtualMachine = defineCommand({
  name: 'removeNicFromVirtualMachine',
  domain: 'compute',
  description:
    'Takes an interface from a virtual machine, but not the default one; the guest of a running one is asked for it.',
  event: 'NIC.DELETE',
  rest: { method: 'DELETE', path: '/virtual-machines/{virtualMachineId}/nics/{nicId}' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    nicId: uuid('The interface.'),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Remove an interface from',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
