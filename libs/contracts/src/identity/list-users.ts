import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { int, text } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { userView } from './user.view.js';

/** Lists users. */
export const listUsers = defineListCommand({
  name: 'listUsers',
  domain: 'identity',
  description: 'Lists users.',
  rest: { method: 'GET', path: '/users' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    username: text('Only the one with this name.').optional(),
    accountType: int('0 user, 1 root administrator, 2 administrator of a domain.').optional(),
    state: text('Only those in this state.').optional(),
    userSource: text('Accepted for compatibility: all are native.').optional(),
  }),
  result: userView,
  wrapper: 'user',
});
