import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Lets a disabled or locked account act again. */
export const enableAccount = defineCommand({
  name: 'enableAccount',
  domain: 'identity',
  description: 'Lets a disabled or locked account act again; its machines stay as they are.',
  event: 'ACCOUNT.ENABLE',
  rest: { method: 'POST', path: '/accounts/{id}/enable' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The account; or name it by account and domainid.').optional(),
    account: text('The account, by its name.').optional(),
    domainId: uuid('The domain of the account.').optional(),
  }),
  result: accountView,
  wrapper: 'account',
});
