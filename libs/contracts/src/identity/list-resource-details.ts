import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { resourceDetailView } from './resource-detail.view.js';

const { id: _id, ...scoped } = scopedListParams;

/** Lists details of things of one kind. */
export const listResourceDetails = defineListCommand({
  name: 'listResourceDetails',
  domain: 'identity',
  description:
    'Lists details of things of one kind. Users see those of what they may see, unless they are not for display; those of the cloud (zones, storage, offerings) only the root administrator.',
  rest: { method: 'GET', path: '/resource-details' },
  roles: ALL_ROLES,
  params: z.object({
    ...scoped,
    resourceType: text('The kind of thing, e.g. UserVm.'),
    resourceId: uuid('Only those of this thing.').optional(),
    key: text('Only those with this name.').optional(),
    value: text('Only those with this value.', { max: 4_096 }).optional(),
    forDisplay: bool('Only those that owners see, or only the others (root administrator).').optional(),
  }),
  result: resourceDetailView,
  wrapper: 'resourcedetail',
});
