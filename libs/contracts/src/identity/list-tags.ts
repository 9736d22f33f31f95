import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { tagView } from './tag.view.js';

const { id: _id, ...scoped } = scopedListParams;

/** Lists tags. */
export const listTags = defineListCommand({
  name: 'listTags',
  domain: 'identity',
  description: 'Lists tags.',
  rest: { method: 'GET', path: '/tags' },
  roles: ALL_ROLES,
  params: z.object({
    ...scoped,
    key: text('Only those with this name.').optional(),
    value: text('Only those with this value.').optional(),
    resourceType: text('Only those of this kind of thing, e.g. UserVm.').optional(),
    resourceId: uuid('Only those of this thing.').optional(),
    customer: text('Accepted for compatibility.').optional(),
  }),
  result: tagView,
  wrapper: 'tag',
});
