import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, long, text, uuid } from '../fields.js';
import { volumeView } from './volume.view.js';

/** The greatest disk, in GiB. */
export const MAX_DISK_GIB = 65_536;

/** Creates a data disk. */
export const createVolume = defineCommand({
  name: 'createVolume',
  domain: 'storage',
  description:
    'Creates a data disk of a disk offering. It takes room on a pool when it is first attached, or at once on the pool that an administrator names.',
  event: 'VOLUME.CREATE',
  rest: { method: 'POST', path: '/volumes' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name; made from its id when not given.').min(1).optional(),
    diskOfferingId: uuid('Its disk offering.'),
    zoneId: uuid('Its zone; needed unless storageid is given.').optional(),
    size: long('GiB, where the offering leaves the size open.', { min: 1, max: MAX_DISK_GIB }).optional(),
    storageId: uuid('Create it on this pool now (administrators).').optional(),
    account: text('Create it for this account, with domainid (administrators).').optional(),
    projectId: uuid('Create it for this project, instead of an account.').optional(),
    domainId: uuid('Domain of the account.').optional(),
    customId: uuid('An id of your own (administrators).').optional(),
    displayVolume: bool('Accepted for compatibility: all are shown.').optional(),
  }),
  result: volumeView,
  wrapper: 'volume',
  operation: {
    title: 'Create volume',
    resource: 'volume',
    creates: true,
    locks: { volume: 'exclusive', 'storage-pool': 'shared' },
    lifecycle: { undo: 'Expunged' },
  },
});
