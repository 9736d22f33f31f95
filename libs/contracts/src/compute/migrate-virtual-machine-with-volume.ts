import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, mapList, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Moves a virtual machine together with those of its disks that its new host does not reach, or that are named. */
export const migrateVirtualMachineWithVolume = defineCommand({
  name: 'migrateVirtualMachineWithVolume',
  domain: 'compute',
  description:
    'Moves a running virtual machine to another host together with its disks, without stopping it; or the disks of a stopped one to other pools, also of another host.',
  event: 'VM.MIGRATE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/migrate-with-volume' },
  roles: ROOT_ONLY,
  params: z.object({
    virtualMachineId: uuid('The virtual machine'),
    hostId: uuid('Where to; of a stopped one, the host that is to reach all its disks').optional(),
    migrateTo: mapList(
      'Which disk goes to which pool: volume, pool. Others stay where they are if the new host reaches them, or go to a pool that it reaches',
    ).optional(),
    autoSelect: bool('Choose the host when none is named, of a running one').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Migrate with disks',
    resource: 'virtual-machine',
    locks: {
      'virtual-machine': 'exclusive',
      volume: 'exclusive',
      network: 'shared',
      host: 'shared',
      'storage-pool': 'shared',
    },
    lifecycle: { begin: 'MigrateRequested', succeed: 'Migrated', undo: 'MigrateUndone' },
  },
});
