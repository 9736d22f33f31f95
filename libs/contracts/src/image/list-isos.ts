import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, oneOf, text, uuid } from '../fields.js';
import { ids, scopedListParams, tagFilter } from '../list-params.js';
import { IMAGE_FILTERS } from './list-templates.js';
import { templateView } from './template.view.js';

/** Lists ISOs. */
export const listIsos = defineListCommand({
  name: 'listIsos',
  domain: 'image',
  description: "Lists ISOs: CDs' images.",
  rest: { method: 'GET', path: '/isos' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    ids,
    isoFilter: oneOf('Which ones; all that the caller may use when not given.', IMAGE_FILTERS).optional(),
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    imageStoreId: uuid('Only those in this image store.').optional(),
    isReady: bool('Only those that were fetched; or those that were not.').optional(),
    isPublic: bool('Only those that every account may use; or the others.').optional(),
    bootable: bool('Only those that machines can boot from; or the others.').optional(),
    hypervisor: text('Accepted for compatibility: an ISO is for all of them.').optional(),
    showRemoved: bool('Accepted for compatibility: removed ones are not shown.').optional(),
    showUnique: bool('Accepted for compatibility: each is shown once.').optional(),
    tags: tagFilter,
  }),
  result: templateView,
  wrapper: 'iso',
});
