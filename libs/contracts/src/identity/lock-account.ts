import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Locks an account: its users cannot act, its machines go on. */
export const lockAccount = defineCommand({
  name: 'lockAccount',
  domain: 'identity',
  description: 'Keeps the users of an account from doing anything; its machines go on.',
  event: 'ACCOUNT.LOCK',
  rest: { method: 'POST', path: '/domains/{domainId}/accounts/{account}/lock' },
  roles: ADMIN_ROLES,
  params: z.object({
    account: text('The account.').min(1),
    domainId: uuid('Its domain.'),
  }),
  result: accountView,
  wrapper: 'account',
});
