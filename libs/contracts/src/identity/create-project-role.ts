import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { projectRoleView } from './project-role.view.js';
import { roleDescription, roleName } from './role-fields.js';

/** Creates a role of a project: it says which commands regular members who have it may use on what the project owns. */
export const createProjectRole = defineCommand({
  name: 'createProjectRole',
  domain: 'identity',
  description:
    'Creates a role of a project: it says which commands regular members who have it may use on what the project owns.',
  event: 'PROJECT.ROLE.CREATE',
  rest: { method: 'POST', path: '/projects/{projectId}/roles' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    name: roleName,
    description: roleDescription.optional(),
  }),
  result: projectRoleView,
  wrapper: 'projectrole',
});
