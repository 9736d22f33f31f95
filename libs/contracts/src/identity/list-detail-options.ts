import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { field, text, uuid } from '../fields.js';

/** Says which details of a kind of thing mean something. */
export const listDetailOptions = defineCommand({
  name: 'listDetailOptions',
  domain: 'identity',
  description:
    'Says which names of details mean something to this cloud, and which values they take. None does: details are notes of yours, of any name, so the answer is empty for every kind of thing that bears them.',
  readOnly: true,
  rest: { method: 'GET', path: '/detail-options' },
  roles: ALL_ROLES,
  params: z.object({
    resourceType: text('The kind of thing, e.g. UserVm.'),
    resourceId: uuid('A thing of this kind.').optional(),
  }),
  result: z.object({
    details: field(z.record(z.string(), z.array(z.string())), {
      description: 'The names, each with the values that it takes.',
      wire: 'map',
    }),
  }),
  wrapper: 'detailoptions',
});
