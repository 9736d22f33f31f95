import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Moves a running virtual machine to another host of its storage, without stopping it. */
export const migrateVirtualMachine = defineCommand({
  name: 'migrateVirtualMachine',
  domain: 'compute',
  description: 'Moves a running virtual machine to another host that reaches its disks, without stopping it.',
  event: 'VM.MIGRATE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/migrate' },
  roles: ROOT_ONLY,
  params: z.object({
    virtualMachineId: uuid('The virtual machine'),
    hostId: uuid('Where to; absent: where there is room').optional(),
    autoSelect: bool('Choose a host when none is named (the default); false: one must be named').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Migrate',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', network: 'shared', host: 'shared' },
    lifecycle: { begin: 'MigrateRequested', succeed: 'Migrated', undo: 'MigrateUndone' },
  },
});
