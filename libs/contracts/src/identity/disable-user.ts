import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { userView } from './user.view.js';

/** Keeps a user from doing anything; its sessions end at once. */
export const disableUser = defineCommand({
  name: 'disableUser',
  domain: 'identity',
  description: 'Keeps a user from doing anything; its sessions end at once.',
  event: 'USER.DISABLE',
  rest: { method: 'POST', path: '/users/{id}/disable' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The user.') }),
  result: userView,
  wrapper: 'user',
  answersAsJob: true,
});
