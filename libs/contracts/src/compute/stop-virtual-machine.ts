import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Stops a virtual machine: by its power button, or at once when forced. */
export const stopVirtualMachine = defineCommand({
  name: 'stopVirtualMachine',
  domain: 'compute',
  description: 'Stops a virtual machine: by its power button, or at once when forced.',
  event: 'VM.STOP',
  rest: { method: 'POST', path: '/virtual-machines/{id}/stop' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    forced: bool('Cut the power instead of asking the guest').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Stop',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: { begin: 'StopRequested', succeed: 'Stopped', undo: 'StopUndone' },
  },
});
