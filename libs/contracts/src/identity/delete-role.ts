import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a role that no account has. */
export const deleteRole = defineCommand({
  name: 'deleteRole',
  domain: 'identity',
  description: 'Removes a role that no account has.',
  event: 'ROLE.DELETE',
  rest: { method: 'DELETE', path: '/roles/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The role.') }),
});
