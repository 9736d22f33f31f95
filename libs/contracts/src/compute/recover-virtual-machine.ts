import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Takes back the destruction of a machine that was not expunged yet. */
export const recoverVirtualMachine = defineCommand({
  name: 'recoverVirtualMachine',
  domain: 'compute',
  description: 'Makes a destroyed virtual machine that was not expunged yet, or one in error, a stopped one again.',
  event: 'VM.RECOVER',
  rest: { method: 'POST', path: '/virtual-machines/{id}/recover' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The virtual machine.') }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
});
