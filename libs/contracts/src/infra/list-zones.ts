import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { ids, listParams, tagFilter } from '../list-params.js';
import { zoneView } from './zone.view.js';

/** Lists zones. */
export const listZones = defineListCommand({
  name: 'listZones',
  domain: 'infra',
  description: 'Lists zones.',
  rest: { method: 'GET', path: '/zones' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    ids,
    name: text('Only the one with this name.').optional(),
    networkType: text('Only those of this type.').optional(),
    available: bool('Only those that machines can be deployed in.').optional(),
    domainId: uuid('Accepted for compatibility: zones belong to all domains.').optional(),
    tags: tagFilter,
  }),
  result: zoneView,
  wrapper: 'zone',
});
