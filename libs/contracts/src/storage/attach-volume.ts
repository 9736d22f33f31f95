import { z } from 'zod';
import { MAX_DATA_VOLUMES } from '../agent/specs.js';
import { ALL_ROLES, defineCommand } from '../command.js';
import { long, uuid } from '../fields.js';
import { volumeView } from './volume.view.js';

/** Attaches a data disk to a machine. */
export const attachVolume = defineCommand({
  name: 'attachVolume',
  domain: 'storage',
  description:
    'Attaches a data disk to a virtual machine: at once while it runs, else with its next start. A disk that does not exist yet is made where the machine reaches it.',
  event: 'VOLUME.ATTACH',
  rest: { method: 'POST', path: '/volumes/{id}/attach' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The data disk.'),
    virtualMachineId: uuid('The machine.'),
    deviceId: long('Its position; the first free one when not given.', { min: 1, max: MAX_DATA_VOLUMES }).optional(),
  }),
  result: volumeView,
  wrapper: 'volume',
  operation: {
    title: 'Attach volume',
    resource: 'volume',
    locks: { volume: 'exclusive', 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
