import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { list, map, text, uuid, TAG_LENGTHS } from '../fields.js';

/** Puts tags on things. */
export const createTags = defineCommand({
  name: 'createTags',
  domain: 'identity',
  description: 'Puts tags on things; a tag that is there gets the new value.',
  event: 'CREATE_TAGS',
  rest: { method: 'POST', path: '/tags' },
  roles: ALL_ROLES,
  params: z.object({
    resourceIds: list('What to tag.', uuid('An id.')).min(1),
    resourceType: text('Kind of these things, e.g. UserVm.'),
    tags: map('The tags.', TAG_LENGTHS),
    customer: text('Accepted for compatibility.').optional(),
  }),
  answersAsJob: true,
});
