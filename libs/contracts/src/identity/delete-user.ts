import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a user; what its account owns stays. */
export const deleteUser = defineCommand({
  name: 'deleteUser',
  domain: 'identity',
  description: 'Removes a user; what its account owns stays.',
  event: 'USER.DELETE',
  rest: { method: 'DELETE', path: '/users/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The user.') }),
});
