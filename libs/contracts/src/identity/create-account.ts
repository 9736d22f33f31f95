import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { int, map, text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Creates an account with its first user. */
export const createAccount = defineCommand({
  name: 'createAccount',
  domain: 'identity',
  description: 'Creates an account with its first user.',
  event: 'ACCOUNT.CREATE',
  rest: { method: 'POST', path: '/accounts' },
  roles: ADMIN_ROLES,
  params: z.object({
    account: text('Its name; that of the user when not given.').min(1).optional(),
    accountType: int('0 user (when not given), 1 root administrator, 2 administrator of a domain.', {
      min: 0,
      max: 2,
    }).optional(),
    roleId: uuid('The role, instead of the type.').optional(),
    domainId: uuid('Its domain; the own one when not given.').optional(),
    username: text('Name of its first user.').min(1),
    password: text('Password of that user.', { secret: true }).min(1),
    firstName: text('First name of that user.', { wireName: 'firstname' }),
    lastName: text('Last name of that user.', { wireName: 'lastname' }),
    email: text('Address for mail of that user.'),
    timezone: text('Accepted for compatibility: UTC.').optional(),
    networkDomain: text('Accepted for compatibility.').optional(),
    accountDetails: map('Accepted for compatibility.').optional(),
  }),
  result: accountView,
  wrapper: 'account',
});
