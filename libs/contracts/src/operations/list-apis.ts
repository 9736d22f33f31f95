import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, int, list, text } from '../fields.js';

const responseField = z.object({
  name: text('Its name.'),
  description: text('What it says.', { max: 4096 }),
  type: text('Its type.'),
});

/** Lists the commands that the caller may use. */
export const listApis = defineListCommand({
  name: 'listApis',
  domain: 'operations',
  description: 'Lists the commands that the caller may use, with parameters and reply fields.',
  rest: { method: 'GET', path: '/apis' },
  roles: ALL_ROLES,
  params: z.object({ name: text('Only this command.').optional() }),
  result: z.object({
    name: text('Its name.'),
    description: text('What it does.', { max: 4096 }),
    isAsync: bool('Whether it answers a job.'),
    related: text('Commands about the same things, comma-joined.', { max: 4096 }),
    params: list(
      'Its parameters.',
      z.object({
        name: text('Its name.'),
        description: text('What it says.', { max: 4096 }),
        type: text('Its type.'),
        length: int('Greatest length.'),
        required: bool('Whether it must be given.'),
        related: text('Commands that give values for it, comma-joined.', { max: 4096 }).optional(),
      }),
    ),
    response: list(
      'Fields of its reply.',
      z.object({ ...responseField.shape, response: list('Fields of its items.', responseField).optional() }),
    ),
  }),
  wrapper: 'api',
});
