import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { storagePoolView } from './storage-pool.view.js';

/** Changes what a pool is called, its tags, and whether disks may be placed there. */
export const updateStoragePool = defineCommand({
  name: 'updateStoragePool',
  domain: 'storage',
  description: 'Changes the name or tags of a pool, or whether disks may be placed there.',
  event: 'STORAGE.POOL.EDIT',
  rest: { method: 'PATCH', path: '/storage-pools/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The pool.'),
    name: text('Its new name.').min(1).optional(),
    enabled: bool('Whether disks may be placed there.').optional(),
    tags: list('Its tags, in place of all earlier ones; none when empty.', word, { mayBeEmpty: true }).optional(),
  }),
  result: storagePoolView,
  wrapper: 'storagepool',
});
