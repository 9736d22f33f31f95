import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text } from '../fields.js';
import { userView } from './user.view.js';

/** Finds a user by its API key. */
export const getUser = defineCommand({
  name: 'getUser',
  domain: 'identity',
  description: 'Finds a user by its API key: of the own account, or of an account below.',
  rest: { method: 'GET', path: '/user-of-key' },
  roles: ALL_ROLES,
  readOnly: true,
  params: z.object({ userApiKey: text('The API key.') }),
  result: userView,
  wrapper: 'user',
});
