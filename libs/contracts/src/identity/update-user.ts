import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { userView } from './user.view.js';

/** Changes a user: the own one, or as an administrator any below. */
export const updateUser = defineCommand({
  name: 'updateUser',
  domain: 'identity',
  description: 'Changes a user; for its password an own user has to give the present one.',
  event: 'USER.UPDATE',
  rest: { method: 'PATCH', path: '/users/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The user.'),
    username: text('Its new name.').min(1).optional(),
    password: text('Its new password; open sessions end.', { secret: true }).min(1).optional(),
    currentPassword: text('The present password; not asked of administrators of others.', { secret: true }).optional(),
    firstName: text('First name.', { wireName: 'firstname' }).optional(),
    lastName: text('Last name.', { wireName: 'lastname' }).optional(),
    email: text('Address for mail.').optional(),
    timezone: text('Accepted for compatibility: UTC.').optional(),
  }),
  result: userView,
  wrapper: 'user',
});
