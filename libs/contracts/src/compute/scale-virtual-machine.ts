import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, map, uuid } from '../fields.js';

/** Gives a machine another size. */
export const scaleVirtualMachine = defineCommand({
  name: 'scaleVirtualMachine',
  domain: 'compute',
  description:
    'Gives a virtual machine the size of another service offering: a stopped one any size; a running one a larger size, if its offering and its template allow it to grow while it runs.',
  event: 'VM.UPGRADE',
  rest: { method: 'POST', path: '/virtual-machines/{id}/scale' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    serviceOfferingId: uuid('Its new size'),
    details: map('Its size, where the offering leaves it open: cpuNumber, cpuSpeed and memory (MiB)').optional(),
    shrinkOk: bool('Accepted for compatibility: disks are not touched').optional(),
    autoMigrate: bool('Accepted for compatibility: disks are not touched').optional(),
  }),
  operation: {
    title: 'Scale',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
