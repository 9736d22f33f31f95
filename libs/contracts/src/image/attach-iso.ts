import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { virtualMachineView } from '../compute/virtual-machine.view.js';
import { bool, uuid } from '../fields.js';

/** Puts an ISO into a machine's CD drive. */
export const attachIso = defineCommand({
  name: 'attachIso',
  domain: 'image',
  description:
    "Puts an ISO into a virtual machine's CD drive: at once while it runs, else with its next start. It stays there through stops, starts and migrations.",
  event: 'ISO.ATTACH',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/attach-iso' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The ISO: one of the own account, one that was granted to it, or a public one.'),
    virtualMachineId: uuid('The virtual machine.'),
    forced: bool('Whether another ISO that is in the drive gives way, also while the guest uses it.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Attach an ISO to',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', template: 'shared' },
    lifecycle: {},
  },
});
