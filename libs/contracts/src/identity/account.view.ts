import { z } from 'zod';
import { bool, date, int, list, map, text, uuid } from '../fields.js';
import { limitFields } from './limit-fields.js';
import { userView } from './user.view.js';

/** An account: what owns things. */
export const accountView = z.object({
  id: uuid('The account.'),
  name: text('Its name.'),
  accountType: int('0 user, 1 root administrator, 2 administrator of a domain.'),
  roleId: uuid('Its role.'),
  roleName: text('The name of its role.'),
  roleType: text('Admin, DomainAdmin or User.'),
  domainId: uuid('Its domain.'),
  domain: text('The name of its domain.'),
  domainPath: text('The names from ROOT to its domain.', { max: 1024 }),
  state: text('enabled, disabled or locked.'),
  defaultZoneId: uuid('The zone that it is meant to use.').optional(),
  isDefault: bool('Whether it came with the product.'),
  isCleanupRequired: bool('Whether a removal did not get through.'),
  accountDetails: map('Free details.').optional(),
  created: date('When it was created.'),
  ...limitFields,
  user: list('Its users.', userView),
});
