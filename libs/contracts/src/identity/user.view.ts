import { z } from 'zod';
import { bool, date, int, text, uuid } from '../fields.js';

/** A user. */
export const userView = z.object({
  id: uuid('The user.'),
  username: text('The name to log in with.'),
  firstName: text('First name.', { wireName: 'firstname' }),
  lastName: text('Last name.', { wireName: 'lastname' }),
  email: text('Address for mail.'),
  state: text('enabled, disabled or locked.'),
  account: text('The account it acts for.'),
  accountId: uuid('That account.'),
  accountType: int('0 user, 1 root administrator, 2 administrator of a domain.'),
  roleId: uuid('The role of that account.'),
  roleName: text('The name of that role.'),
  roleType: text('Admin, DomainAdmin or User.'),
  domainId: uuid('The domain of that account.'),
  domain: text('The name of that domain.'),
  apiKey: text('The API key; the secret key is given by getUserKeys.').optional(),
  timezone: text('UTC.').optional(),
  userSource: text('native: it logs in with a password kept here.'),
  isCallerChildDomain: bool('Whether it lies below the domain of the caller.'),
  isDefault: bool('Whether it came with the product.'),
  created: date('When it was created.'),
});
