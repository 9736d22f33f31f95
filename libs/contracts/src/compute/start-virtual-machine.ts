import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Starts a stopped virtual machine. */
export const startVirtualMachine = defineCommand({
  name: 'startVirtualMachine',
  domain: 'compute',
  description: 'Starts a stopped virtual machine.',
  event: 'VM.START',
  rest: { method: 'POST', path: '/virtual-machines/{id}/start' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    hostId: uuid('Start it on this host (administrators)').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Start',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', network: 'shared', host: 'shared' },
    lifecycle: { begin: 'StartRequested', succeed: 'Started', undo: 'StartUndone' },
  },
});
