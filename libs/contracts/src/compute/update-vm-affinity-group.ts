import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { list, uuid, word } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Puts a stopped virtual machine into affinity groups. */
export const updateVmAffinityGroup = defineCommand({
  name: 'updateVMAffinityGroup',
  domain: 'compute',
  description:
    'Puts a stopped virtual machine into these affinity groups, in place of all earlier ones; into none when none is given.',
  event: 'VM.AG.UPDATE',
  rest: { method: 'PUT', path: '/virtual-machines/{id}/affinity-groups' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine; it must be stopped.'),
    affinityGroupIds: list('The groups; of the account that owns the machine.', uuid('A group.')).optional(),
    affinityGroupNames: list('The groups by their names, instead of ids.', word).optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  answersAsJob: true,
});
