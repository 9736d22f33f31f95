import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { userView } from './user.view.js';

/** Adds a user to an account. */
export const createUser = defineCommand({
  name: 'createUser',
  domain: 'identity',
  description: 'Adds a user to an account.',
  event: 'USER.CREATE',
  rest: { method: 'POST', path: '/users' },
  roles: ADMIN_ROLES,
  params: z.object({
    account: text('The account that it acts for.').min(1),
    domainId: uuid('The domain of that account; the own one when not given.').optional(),
    username: text('The name to log in with.').min(1),
    password: text('Its password.', { secret: true }).min(1),
    firstName: text('First name.', { wireName: 'firstname' }),
    lastName: text('Last name.', { wireName: 'lastname' }),
    email: text('Address for mail.'),
    timezone: text('Accepted for compatibility: UTC.').optional(),
  }),
  result: userView,
  wrapper: 'user',
});
