import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes an account that owns nothing any more, with its users. */
export const deleteAccount = defineCommand({
  name: 'deleteAccount',
  domain: 'identity',
  description: 'Removes an account that owns nothing any more, with its users and key pairs.',
  event: 'ACCOUNT.DELETE',
  rest: { method: 'DELETE', path: '/accounts/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The account.') }),
  answersAsJob: true,
});
