import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { memberRole } from './project-fields.js';

/** Makes an account a member of a project. */
export const addAccountToProject = defineCommand({
  name: 'addAccountToProject',
  domain: 'identity',
  description: 'Makes an account, with all its users, a member of a project.',
  event: 'PROJECT.ACCOUNT.ADD',
  rest: { method: 'POST', path: '/projects/{projectId}/accounts' },
  roles: ALL_ROLES,
  params: z.object({
    projectId: uuid('The project.'),
    account: text('The account; in the domain of the project.').min(1),
    email: text('Kept with an invitation; nothing is sent there.').optional(),
    projectRoleId: uuid('The role of the project that a regular member is to have.').optional(),
    roleType: memberRole.optional(),
  }),
  answersAsJob: true,
});
