import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { storagePoolView } from './storage-pool.view.js';

/** Lists primary-storage pools. */
export const listStoragePools = defineListCommand({
  name: 'listStoragePools',
  domain: 'storage',
  description: 'Lists primary-storage pools.',
  rest: { method: 'GET', path: '/storage-pools' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    podId: uuid('Only those of this pod.').optional(),
    clusterId: uuid('Only those of this cluster.').optional(),
    hostId: uuid('Only those that this host alone reaches.').optional(),
    path: text('Only those with this directory.', { max: 1024 }).optional(),
    scope: text('Only those of this scope.').optional(),
    status: text('Only those in this state.').optional(),
    ipAddress: text('Accepted for compatibility.').optional(),
  }),
  result: storagePoolView,
  wrapper: 'storagepool',
});
