import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { userKeysView } from './user-keys.view.js';

/** Gives a user new keys. */
export const registerUserKeys = defineCommand({
  name: 'registerUserKeys',
  domain: 'identity',
  description: 'Gives a user new keys; earlier ones stop working at once.',
  event: 'REGISTER.USER.KEY',
  rest: { method: 'POST', path: '/users/{id}/keys' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The user.') }),
  result: userKeysView,
  wrapper: 'userkeys',
});
