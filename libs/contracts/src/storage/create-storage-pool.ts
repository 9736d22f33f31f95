import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { long, map, oneOf, text, uuid } from '../fields.js';
import { storagePoolView } from './storage-pool.view.js';

/** Makes a directory or a Ceph pool usable as primary storage. */
export const createStoragePool = defineCommand({
  name: 'createStoragePool',
  domain: 'storage',
  description:
    'Makes primary storage of a directory (`file:///path` with `hostid` for one host, `SharedMountPoint:///path` for all hosts of a cluster or zone) or of a Ceph pool (`rbd://user:secret@monitor[:port]/pool`). Nothing is made that a host cannot use: monitors, user, secret and pool are tried first.',
  event: 'POOL.CREATE',
  rest: { method: 'POST', path: '/storage-pools' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    name: text('Its name.'),
    url: text('`file:///path`, `SharedMountPoint:///path`, or `rbd://user:secret@monitor[:port]/pool`.', {
      max: 2048,
      secret: true,
    }),
    podId: uuid('Its pod.').optional(),
    clusterId: uuid('Its cluster; needed for the scope CLUSTER.').optional(),
    hostId: uuid('The host of a local directory.').optional(),
    scope: oneOf('Which hosts reach it; CLUSTER when not given', ['HOST', 'CLUSTER', 'ZONE']).optional(),
    hypervisor: text('Accepted for compatibility.').optional(),
    provider: text('Accepted for compatibility: DefaultPrimary.').optional(),
    tags: text('Tags, comma-joined.').optional(),
    capacityBytes: long('Accepted for compatibility: the size is measured.').optional(),
    details: map(
      'Of an RBD pool: `monitors` (further ones, comma-joined), `user` and `secret` when the url has none, `fencinguser` and `fencingsecret` of the cephx user that may blocklist. Others are accepted for compatibility.',
      { secret: true },
    ).optional(),
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
