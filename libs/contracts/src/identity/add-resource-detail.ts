import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, map, text, uuid, TAG_LENGTHS } from '../fields.js';

/** Puts details on something. */
export const addResourceDetail = defineCommand({
  name: 'addResourceDetail',
  domain: 'identity',
  description: 'Puts details on something; one that is there gets the new value.',
  event: 'RESOURCE.DETAILS.ADD',
  rest: { method: 'POST', path: '/resource-details' },
  roles: ROOT_ONLY,
  params: z.object({
    resourceId: uuid('The thing.'),
    resourceType: text('Its kind, e.g. UserVm.'),
    details: map('The details.', { key: TAG_LENGTHS.key, value: 4_096 }),
    forDisplay: bool('Whether its owner sees them too; true when not given.').optional(),
  }),
  answersAsJob: true,
});
