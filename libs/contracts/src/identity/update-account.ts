import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { map, text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Renames an account or gives it another role. */
export const updateAccount = defineCommand({
  name: 'updateAccount',
  domain: 'identity',
  description: 'Renames an account or gives it another role.',
  event: 'ACCOUNT.UPDATE',
  rest: { method: 'PATCH', path: '/accounts/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The account; or name it by account and domainId.').optional(),
    account: text('The account, by its name.').optional(),
    domainId: uuid('The domain of the account.').optional(),
    newName: text('Its new name.').min(1).optional(),
    roleId: uuid('Its new role.').optional(),
    networkDomain: text('Accepted for compatibility.').optional(),
    accountDetails: map('Accepted for compatibility.').optional(),
  }),
  result: accountView,
  wrapper: 'account',
});
