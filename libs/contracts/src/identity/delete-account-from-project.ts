import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Takes an account from a project. */
export const deleteAccountFromProject = defineCommand({
  name: 'deleteAccountFromProject',
  domain: 'identity',
  description: 'Takes an account from a project.',
  event: 'PROJECT.ACCOUNT.REMOVE',
  rest: { method: 'DELETE', path: '/projects/{projectId}/accounts/{account}' },
  roles: ALL_ROLES,
  params: z.object({ projectId: uuid('The project.'), account: text('The account.').min(1) }),
  answersAsJob: true,
});
