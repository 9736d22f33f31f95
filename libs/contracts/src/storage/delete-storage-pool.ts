import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes an empty storage pool. */
export const deleteStoragePool = defineCommand({
  name: 'deleteStoragePool',
  domain: 'storage',
  description: 'Removes a storage pool that holds no volume.',
  event: 'POOL.DELETE',
  rest: { method: 'DELETE', path: '/storage-pools/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The pool.'),
    forced: bool('Accepted for compatibility: a pool with volumes is never removed.').optional(),
  }),
  operation: {
    title: 'Delete storage pool',
    resource: 'storage-pool',
    locks: { 'storage-pool': 'exclusive' },
    lifecycle: { begin: 'RemoveRequested', succeed: 'Removed', undo: 'RemoveUndone' },
    cloudStackWaitMs: 60_000,
  },
});
