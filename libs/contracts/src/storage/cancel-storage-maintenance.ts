import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { storagePoolView } from './storage-pool.view.js';

/** Opens a pool again. */
export const cancelStorageMaintenance = defineCommand({
  name: 'cancelStorageMaintenance',
  domain: 'storage',
  description: 'Opens a pool that is in maintenance. Machines that were stopped for it are not started.',
  event: 'MAINTENANCE.CANCEL.PRIMARY.STORAGE',
  rest: { method: 'DELETE', path: '/storage-pools/{id}/maintenance' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The pool.') }),
  result: storagePoolView,
  wrapper: 'storagepool',
  answersAsJob: true,
});
