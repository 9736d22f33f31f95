import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';

/** Takes details off something. */
export const removeResourceDetail = defineCommand({
  name: 'removeResourceDetail',
  domain: 'identity',
  description: 'Takes one detail off something, or all.',
  event: 'RESOURCE.DETAILS.REMOVE',
  rest: { method: 'POST', path: '/resource-details/remove' },
  roles: ROOT_ONLY,
  params: z.object({
    resourceId: uuid('The thing.'),
    resourceType: text('Its kind, e.g. UserVm.'),
    key: text('The name of the detail; all when not given.').optional(),
  }),
  answersAsJob: true,
});
