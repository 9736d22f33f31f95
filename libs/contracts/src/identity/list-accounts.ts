import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, int, list, text, uuid, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { accountView } from './account.view.js';

/** Lists accounts. */
export const listAccounts = defineListCommand({
  name: 'listAccounts',
  domain: 'identity',
  description: 'Lists accounts.',
  rest: { method: 'GET', path: '/accounts' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    listAll: bool('Everything that the caller may see, not only the own account.').optional(),
    isRecursive: bool('With `domainId`: also what lies in the domains below it.').optional(),
    domainId: uuid('Only those of this domain.').optional(),
    name: text('Only the one with this name.').optional(),
    accountType: int('0 user, 1 root administrator, 2 administrator of a domain.').optional(),
    state: text('Only those in this state.').optional(),
    isCleanupRequired: bool('Accepted for compatibility: none is.').optional(),
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
  }),
  result: accountView,
  wrapper: 'account',
});
