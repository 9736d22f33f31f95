import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Takes a rule from a role of a project. */
export const deleteProjectRolePermission = defineCommand({
  name: 'deleteProjectRolePermission',
  domain: 'identity',
  description: 'Takes a rule from a role of a project.',
  event: 'PROJECT.ROLE.PERMISSION.DELETE',
  rest: { method: 'DELETE', path: '/projects/{projectId}/role-permissions/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The rule.'),
    projectId: uuid('The project.'),
  }),
});
