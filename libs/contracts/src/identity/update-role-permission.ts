import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { list, uuid } from '../fields.js';
import { permission } from './role-fields.js';

/** Changes what a rule does, or the order of a role's rules. */
export const updateRolePermission = defineCommand({
  name: 'updateRolePermission',
  domain: 'identity',
  description: "Changes what a rule does, or the order of a role's rules.",
  event: 'ROLE.PERMISSION.UPDATE',
  rest: { method: 'PATCH', path: '/roles/{roleId}/permissions' },
  roles: ROOT_ONLY,
  params: z.object({
    roleId: uuid('The role.'),
    ruleId: uuid('The rule to change; with permission.').optional(),
    permission: permission.optional(),
    ruleOrder: list('All its rules in their new order.', uuid('A rule.')).optional(),
  }),
});
