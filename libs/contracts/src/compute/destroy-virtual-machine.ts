import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Stops a virtual machine and marks it for removal; with expunge it is removed now. */
export const destroyVirtualMachine = defineCommand({
  name: 'destroyVirtualMachine',
  domain: 'compute',
  description: 'Stops a virtual machine and marks it for removal; with expunge it is removed now.',
  event: 'VM.DESTROY',
  rest: { method: 'POST', path: '/virtual-machines/{id}/destroy' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    expunge: bool('Remove it now, instead of keeping it recoverable').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Destroy',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: { begin: 'DestroyRequested', succeed: 'Destroyed' },
    supersedes: true,
  },
});
