import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { storagePoolView } from './storage-pool.view.js';

/** Closes a pool on which nothing runs. */
export const enableStorageMaintenance = defineCommand({
  name: 'enableStorageMaintenance',
  domain: 'storage',
  description:
    'Closes a pool until cancelStorageMaintenance: nothing is placed on it, attached from it or started on it. Refused while machines with disks on it run; they are stopped or moved first.',
  event: 'MAINTENANCE.PREPARE.PRIMARY.STORAGE',
  rest: { method: 'POST', path: '/storage-pools/{id}/maintenance' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The pool.') }),
  result: storagePoolView,
  wrapper: 'storagepool',
  answersAsJob: true,
});
