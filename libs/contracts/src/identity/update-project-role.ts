import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { projectRoleView } from './project-role.view.js';
import { roleDescription, roleName } from './role-fields.js';

/** Changes the name or description of a role of a project. */
export const updateProjectRole = defineCommand({
  name: 'updateProjectRole',
  domain: 'identity',
  description: 'Changes the name or description of a role of a project.',
  event: 'PROJECT.ROLE.UPDATE',
  rest: { method: 'PATCH', path: '/projects/{projectId}/roles/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The role.'),
    projectId: uuid('The project.'),
    name: roleName.optional(),
    description: roleDescription.optional(),
  }),
  result: projectRoleView,
  wrapper: 'projectrole',
});
