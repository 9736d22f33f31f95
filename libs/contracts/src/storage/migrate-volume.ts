import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, uuid } from '../fields.js';
import { volumeView } from './volume.view.js';

/** Moves a disk to another pool. */
export const migrateVolume = defineCommand({
  name: 'migrateVolume',
  domain: 'storage',
  description:
    'Moves a disk to another storage pool. With `livemigrate` also while its virtual machine runs, which notices nothing of it.',
  event: 'VOLUME.MIGRATE',
  rest: { method: 'POST', path: '/volumes/{volumeId}/migrate' },
  roles: ROOT_ONLY,
  params: z.object({
    volumeId: uuid('The disk.'),
    storageId: uuid('The pool that it goes to.'),
    liveMigrate: bool('Move it also while its machine runs.').optional(),
    newDiskOfferingId: uuid('Refused: a disk changes its offering by resizeVolume.').optional(),
  }),
  result: volumeView,
  wrapper: 'volume',
  operation: {
    title: 'Migrate volume',
    resource: 'volume',
    locks: { volume: 'exclusive', 'virtual-machine': 'exclusive', 'storage-pool': 'shared' },
    lifecycle: {},
  },
});
