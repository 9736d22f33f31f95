import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a project that owns nothing any more. */
export const deleteProject = defineCommand({
  name: 'deleteProject',
  domain: 'identity',
  description: 'Removes a project that owns nothing any more.',
  event: 'PROJECT.DELETE',
  rest: { method: 'DELETE', path: '/projects/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The project.'),
    cleanup: bool('Accepted for compatibility: what it owns is removed before it.').optional(),
  }),
  answersAsJob: true,
});
