import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, list, uuid } from '../fields.js';
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
    volumeIds: list('Data disks of the machine that are removed for good with it', z.uuid().toLowerCase()).optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Destroy',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', volume: 'exclusive' },
    lifecycle: { begin: 'DestroyRequested', succeed: 'Destroyed' },
    supersedes: true,
  },
});
