import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { long, map, oneOf, text, uuid } from '../fields.js';
import { storagePoolView } from './storage-pool.view.js';

/** Makes a directory usable as primary storage. */
export const createStoragePool = defineCommand({
  name: 'createStoragePool',
  domain: 'storage',
  description:
    'Makes a directory primary storage: `file:///path` with `hostid` for one host, `SharedMountPoint:///path` for all hosts of a cluster or zone.',
  event: 'POOL.CREATE',
  rest: { method: 'POST', path: '/storage-pools' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    name: text('Its name.'),
    url: text('`file:///path`, or `SharedMountPoint:///path`.', { max: 2048 }),
    podId: uuid('Its pod.').optional(),
    clusterId: uuid('Its cluster; needed for the scope CLUSTER.').optional(),
    hostId: uuid('The host of a local directory.').optional(),
    scope: oneOf('Which hosts reach it; CLUSTER when not given', ['HOST', 'CLUSTER', 'ZONE']).optional(),
    hypervisor: text('Accepted for compatibility.').optional(),
    provider: text('Accepted for compatibility: DefaultPrimary.').optional(),
    tags: text('Tags, comma-joined.').optional(),
    capacityBytes: long('Accepted for compatibility: the size is measured.').optional(),
    details: map('Accepted for compatibility.').optional(),
  }),
  result: storagePoolView,
  wrapper: 'storagepool',
  operation: {
    title: 'Create storage pool',
    resource: 'storage-pool',
    creates: true,
    locks: { 'storage-pool': 'exclusive', cluster: 'shared', host: 'shared', zone: 'shared' },
    lifecycle: { succeed: 'Created', undo: 'CreateUndone' },
    cloudStackWaitMs: 60_000,
  },
});
