import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a role of a project that no member has. */
export const deleteProjectRole = defineCommand({
  name: 'deleteProjectRole',
  domain: 'identity',
  description: 'Removes a role of a project that no member has.',
  event: 'PROJECT.ROLE.DELETE',
  rest: { method: 'DELETE', path: '/projects/{projectId}/roles/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The role.'),
    projectId: uuid('The project.'),
  }),
});
