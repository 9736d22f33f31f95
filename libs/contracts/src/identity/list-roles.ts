import { z } from 'zod';
import { ADMIN_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { listParams } from '../list-params.js';
import { roleView } from './role.view.js';

/** Lists roles. */
export const listRoles = defineListCommand({
  name: 'listRoles',
  domain: 'identity',
  description: 'Lists roles; administrators of domains see those that they may give.',
  rest: { method: 'GET', path: '/roles' },
  roles: ADMIN_ROLES,
  params: z.object({
    ...listParams,
    name: text('Only those with this name.').optional(),
    type: text('Only those of this type.').optional(),
    state: text('Only those in this state.').optional(),
  }),
  result: roleView,
  wrapper: 'role',
});
