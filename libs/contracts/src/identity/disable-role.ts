import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Keeps everybody who has a role from doing anything, at once. */
export const disableRole = defineCommand({
  name: 'disableRole',
  domain: 'identity',
  description: 'Keeps everybody who has a role from doing anything, at once.',
  event: 'ROLE.DISABLE',
  rest: { method: 'POST', path: '/roles/{id}/disable' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The role.') }),
});
