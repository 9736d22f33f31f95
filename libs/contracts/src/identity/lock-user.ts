import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { userView } from './user.view.js';

/** Locks a user out; its sessions end at once. */
export const lockUser = defineCommand({
  name: 'lockUser',
  domain: 'identity',
  description: 'Locks a user out; its sessions end at once.',
  event: 'USER.LOCK',
  rest: { method: 'POST', path: '/users/{id}/lock' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The user.') }),
  result: userView,
  wrapper: 'user',
});
