import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { diskOfferingView } from './disk-offering.view.js';

/** Lists disk offerings. */
export const listDiskOfferings = defineListCommand({
  name: 'listDiskOfferings',
  domain: 'storage',
  description: 'Lists disk offerings: sizes of data disks.',
  rest: { method: 'GET', path: '/disk-offerings' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    storageType: text('Only those of local, or of shared storage.').optional(),
    state: text('Accepted for compatibility: all are Active.').optional(),
    zoneId: uuid('Accepted for compatibility: offerings hold in all zones.').optional(),
    listAll: bool('Accepted for compatibility: offerings belong to all.').optional(),
    isRecursive: bool('Accepted for compatibility: offerings belong to all.').optional(),
    domainId: uuid('Accepted for compatibility: offerings belong to all.').optional(),
    account: text('Accepted for compatibility: offerings belong to all.').optional(),
    projectId: text('Accepted for compatibility: there are no projects.').optional(),
  }),
  result: diskOfferingView,
  wrapper: 'diskoffering',
});
