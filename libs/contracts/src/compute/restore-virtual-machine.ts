import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, long, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Makes a machine's root disk anew from a template. */
export const restoreVirtualMachine = defineCommand({
  name: 'restoreVirtualMachine',
  domain: 'compute',
  description:
    'Makes the root disk of a virtual machine anew from its template, or from another one. What was on it is lost. A running machine is stopped and started again; its data disks, addresses and names stay.',
  event: 'VM.RESTORE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/restore' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    templateId: uuid('Another template to make it from, of the same hypervisor.').optional(),
    rootDiskSize: long('GiB of the new disk, at least that of the template; that of the old one when not given.', {
      min: 1,
      max: 65_536,
    }).optional(),
    expunge: bool('Accepted for compatibility: the old disk is always removed once the new one serves.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Restore',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', volume: 'exclusive', template: 'shared', network: 'shared' },
    lifecycle: { begin: 'RebootRequested', succeed: 'Started', undo: 'RebootUndone' },
  },
});
