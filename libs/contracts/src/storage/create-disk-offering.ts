import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, long, oneOf, text } from '../fields.js';
import { diskOfferingView } from './disk-offering.view.js';

/** Creates a disk offering. */
export const createDiskOffering = defineCommand({
  name: 'createDiskOffering',
  domain: 'storage',
  description: 'Creates a disk offering: a size of data disk.',
  event: 'DISK.OFFERING.CREATE',
  rest: { method: 'POST', path: '/disk-offerings' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name.').min(1),
    displayText: text('Its description; the name when not given.', { max: 4096 }).optional(),
    diskSize: long('GiB; needed unless customized.', { min: 1, max: 1_048_576 }).optional(),
    customized: bool('Whether the size is chosen for each disk.').optional(),
    storageType: oneOf('Storage of the disks; shared when not given.', ['shared', 'local']).optional(),
    tags: text('Tags that a pool must have, comma-joined.').optional(),
    provisioningType: oneOf('How disks take their room.', ['thin']).optional(),
    displayOffering: bool('Accepted for compatibility: all are shown.').optional(),
  }),
  result: diskOfferingView,
  wrapper: 'diskoffering',
});
