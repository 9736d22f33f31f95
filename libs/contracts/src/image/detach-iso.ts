import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { virtualMachineView } from '../compute/virtual-machine.view.js';
import { bool, uuid } from '../fields.js';

/** Takes the ISO out of a machine's CD drive. */
export const detachIso = defineCommand({
  name: 'detachIso',
  domain: 'image',
  description: "Takes the ISO out of a virtual machine's CD drive, which stays there empty.",
  event: 'ISO.DETACH',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/detach-iso' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    forced: bool('Whether it is taken out while the guest uses it.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Detach the ISO from',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', template: 'shared' },
    lifecycle: {},
  },
});
