import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a project, and everything that it owns when asked to. */
export const deleteProject = defineCommand({
  name: 'deleteProject',
  domain: 'identity',
  description: 'Removes a project; with cleanup together with everything that it owns, else only when that is nothing.',
  event: 'PROJECT.DELETE',
  rest: { method: 'DELETE', path: '/projects/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The project.'),
    cleanup: bool('Whether what it owns is removed too; false when not given.').optional(),
  }),
  operation: {
    title: 'Delete project',
    resource: 'project',
    // What is asked of its things meanwhile would wait for a lock that waits for them.
    locks: {},
    lifecycle: {},
  },
});
