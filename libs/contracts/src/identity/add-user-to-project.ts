import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { memberRole } from './project-fields.js';

/** Makes one user a member of a project. */
export const addUserToProject = defineCommand({
  name: 'addUserToProject',
  domain: 'identity',
  description: 'Makes one user a member of a project.',
  event: 'PROJECT.USER.ADD',
  rest: { method: 'POST', path: '/projects/{projectId}/users' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    username: text('The user; in the domain of the project.').min(1),
    email: text('Kept with an invitation; nothing is sent there.').optional(),
    projectRoleId: uuid('The role of the project that a regular member is to have.').optional(),
    roleType: memberRole.optional(),
  }),
  answersAsJob: true,
});
