import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { ids, listParams } from '../list-params.js';

/** Lists kinds of guest operating systems. */
export const listOsTypes = defineListCommand({
  name: 'listOsTypes',
  domain: 'compute',
  description: 'Lists kinds of guest operating systems.',
  rest: { method: 'GET', path: '/os-types' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    ids,
    osCategoryId: uuid('Only those of this family.').optional(),
    description: text('Only the one with this name.').optional(),
    forDisplay: bool('Accepted for compatibility: all are shown.').optional(),
  }),
  result: z.object({
    id: uuid('The kind.'),
    name: text('Its name.'),
    description: text('Its name.'),
    osCategoryId: uuid('Its family.'),
    osCategoryName: text('The name of its family.'),
    isUserDefined: bool('Whether somebody added it.'),
    forDisplay: bool('Whether it is shown.'),
  }),
  wrapper: 'ostype',
});
