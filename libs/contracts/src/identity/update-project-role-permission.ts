import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { list, uuid } from '../fields.js';
import { permission } from './role-fields.js';

/** Changes what a rule of a role of a project does, or the order of its rules. */
export const updateProjectRolePermission = defineCommand({
  name: 'updateProjectRolePermission',
  domain: 'identity',
  description: 'Changes what a rule of a role of a project does, or the order of its rules.',
  event: 'PROJECT.ROLE.PERMISSION.UPDATE',
  rest: { method: 'PATCH', path: '/projects/{projectId}/roles/{projectRoleId}/permissions' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    projectRoleId: uuid('The role.'),
    projectRolePermissionId: uuid('The rule to change; with permission.').optional(),
    permission: permission.optional(),
    ruleOrder: list('All its rules in their new order.', uuid('A rule.')).optional(),
  }),
});
