import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { storagePoolView } from './storage-pool.view.js';

/** Lists the pools of a disk's zone, with whether it can be moved there. */
export const findStoragePoolsForMigration = defineListCommand({
  name: 'findStoragePoolsForMigration',
  domain: 'storage',
  description:
    'Lists the other storage pools of a disk’s zone, those that it can be moved to first, and says of each other why not.',
  rest: { method: 'GET', path: '/volumes/{id}/migration-targets' },
  roles: ROOT_ONLY,
  params: z.object({ ...listParams, id: uuid('The disk.') }),
  result: storagePoolView.extend({
    unsuitableReason: text('Why the disk cannot be moved there; absent when it can.', { max: 1024 }).optional(),
  }),
  wrapper: 'storagepool',
});
