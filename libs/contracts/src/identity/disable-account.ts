import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Disables an account and stops its machines, or locks it and leaves them. */
export const disableAccount = defineCommand({
  name: 'disableAccount',
  domain: 'identity',
  description: 'Keeps the users of an account from doing anything: disables it and stops its machines, or locks it.',
  event: 'ACCOUNT.DISABLE',
  rest: { method: 'POST', path: '/accounts/{id}/disable' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The account; or name it by account and domainid.').optional(),
    account: text('The account, by its name.').optional(),
    domainId: uuid('The domain of the account.').optional(),
    lock: bool('true: lock it, its machines go on; false: disable it, they are stopped.'),
  }),
  result: accountView,
  wrapper: 'account',
  answersAsJob: true,
});
