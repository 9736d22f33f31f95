import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { userView } from './user.view.js';

/** Lets a disabled or locked user act again. */
export const enableUser = defineCommand({
  name: 'enableUser',
  domain: 'identity',
  description: 'Lets a disabled or locked user act again.',
  event: 'USER.ENABLE',
  rest: { method: 'POST', path: '/users/{id}/enable' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The user.') }),
  result: userView,
  wrapper: 'user',
});
