import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Lets those who have a role act again. */
export const enableRole = defineCommand({
  name: 'enableRole',
  domain: 'identity',
  description: 'Lets those who have a role act again.',
  event: 'ROLE.ENABLE',
  rest: { method: 'POST', path: '/roles/{id}/enable' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The role.') }),
});
