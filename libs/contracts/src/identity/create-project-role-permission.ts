import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { projectRolePermissionView } from './project-role-permission.view.js';
import { permission, rule } from './role-fields.js';

/** Adds a rule to a role of a project, behind those that it has. */
export const createProjectRolePermission = defineCommand({
  name: 'createProjectRolePermission',
  domain: 'identity',
  description: 'Adds a rule to a role of a project, behind those that it has.',
  event: 'PROJECT.ROLE.PERMISSION.CREATE',
  rest: { method: 'POST', path: '/projects/{projectId}/roles/{projectRoleId}/permissions' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    projectRoleId: uuid('The role.'),
    rule,
    permission,
    description: text('What it is for.').optional(),
  }),
  result: projectRolePermissionView,
  bare: true,
});
