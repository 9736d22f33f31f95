import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';

/** Lists families of guest operating systems. */
export const listOsCategories = defineListCommand({
  name: 'listOsCategories',
  domain: 'compute',
  description: 'Lists families of guest operating systems.',
  rest: { method: 'GET', path: '/os-categories' },
  roles: ALL_ROLES,
  params: z.object({ ...listParams, name: text('Only the one with this name.').optional() }),
  result: z.object({
    id: uuid('The family.'),
    name: text('Its name.'),
    isFeatured: bool('Whether it is shown first.'),
  }),
  wrapper: 'oscategory',
});
