import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Shuts a virtual machine down and starts it again on its host. */
export const rebootVirtualMachine = defineCommand({
  name: 'rebootVirtualMachine',
  domain: 'compute',
  description: 'Shuts a virtual machine down and starts it again on its host.',
  event: 'VM.REBOOT',
  rest: { method: 'POST', path: '/virtual-machines/{id}/reboot' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    forced: bool('Cut the power instead of asking the guest').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Reboot',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: { begin: 'RebootRequested', succeed: 'Started', undo: 'RebootUndone' },
  },
});
