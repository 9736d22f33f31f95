import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, long, uuid } from '../fields.js';
import { MAX_DISK_GIB } from './create-volume.js';
import { volumeView } from './volume.view.js';

/** Makes a disk larger. */
export const resizeVolume = defineCommand({
  name: 'resizeVolume',
  domain: 'storage',
  description:
    'Makes a disk larger, also while its virtual machine runs: by size, or by another disk offering. Disks never shrink.',
  event: 'VOLUME.RESIZE',
  rest: { method: 'POST', path: '/volumes/{id}/resize' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The disk.'),
    size: long('Its new size in GiB, where its offering leaves the size open.', {
      min: 1,
      max: MAX_DISK_GIB,
    }).optional(),
    diskOfferingId: uuid('Its new disk offering.').optional(),
    shrinkOk: bool('Accepted for compatibility: disks never shrink.').optional(),
  }),
  result: volumeView,
  wrapper: 'volume',
  operation: {
    title: 'Resize volume',
    resource: 'volume',
    locks: { volume: 'exclusive', 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
