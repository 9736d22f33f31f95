import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { long, uuid } from '../fields.js';
import { volumeView } from './volume.view.js';

/** Detaches a data disk from its machine. */
export const detachVolume = defineCommand({
  name: 'detachVolume',
  domain: 'storage',
  description:
    'Detaches a data disk from its virtual machine. A running guest is asked for it; one that does not let go keeps it, and the call fails.',
  event: 'VOLUME.DETACH',
  rest: { method: 'POST', path: '/volumes/{id}/detach' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The data disk; or name it by virtualmachineid and deviceid.').optional(),
    virtualMachineId: uuid('The machine.').optional(),
    deviceId: long('The position of the disk on that machine.', { min: 0, max: 255 }).optional(),
  }),
  result: volumeView,
  wrapper: 'volume',
  operation: {
    title: 'Detach volume',
    resource: 'volume',
    locks: { volume: 'exclusive', 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
