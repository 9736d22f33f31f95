import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { userKeysView } from './user-keys.view.js';

/** Gives a user's keys. */
export const getUserKeys = defineCommand({
  name: 'getUserKeys',
  domain: 'identity',
  description: "Gives a user's keys.",
  readOnly: true,
  rest: { method: 'GET', path: '/users/{id}/keys' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The user.') }),
  result: userKeysView,
  wrapper: 'userkeys',
});
