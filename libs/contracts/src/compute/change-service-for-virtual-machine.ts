import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, map, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Gives a stopped machine another size. */
export const changeServiceForVirtualMachine = defineCommand({
  name: 'changeServiceForVirtualMachine',
  domain: 'compute',
  description: 'Gives a stopped virtual machine the size of another service offering.',
  event: 'VM.UPGRADE',
  rest: { method: 'POST', path: '/virtual-machines/{id}/change-service' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
    serviceOfferingId: uuid('Its new size'),
    details: map('Its size, where the offering leaves it open: cpuNumber, cpuSpeed and memory (MiB)').optional(),
    shrinkOk: bool('Accepted for compatibility: disks are not touched').optional(),
    autoMigrate: bool('Accepted for compatibility: disks are not touched').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
});
