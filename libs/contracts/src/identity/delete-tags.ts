import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { list, map, text, uuid, TAG_LENGTHS } from '../fields.js';

/** Takes tags off things. */
export const deleteTags = defineCommand({
  name: 'deleteTags',
  domain: 'identity',
  description: 'Takes tags off things: those with these names (and values, unless empty), or all.',
  event: 'DELETE_TAGS',
  rest: { method: 'POST', path: '/tags/remove' },
  roles: ALL_ROLES,
  params: z.object({
    resourceIds: list('What to take them off.', uuid('An id.')).min(1),
    resourceType: text('Kind of these things, e.g. UserVm.'),
    tags: map('The tags; all when not given.', TAG_LENGTHS).optional(),
  }),
  answersAsJob: true,
});
