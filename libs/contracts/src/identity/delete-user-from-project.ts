import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Takes one user from a project. */
export const deleteUserFromProject = defineCommand({
  name: 'deleteUserFromProject',
  domain: 'identity',
  description: 'Takes a user from a project who is a member alone, not with the account.',
  event: 'PROJECT.USER.REMOVE',
  rest: { method: 'DELETE', path: '/projects/{projectId}/users/{userId}' },
  roles: ALL_ROLES,
  params: z.object({ projectId: uuid('The project.'), userId: uuid('The user.') }),
  answersAsJob: true,
});
