import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Removes user data that no machine refers to. */
export const deleteUserData = defineCommand({
  name: 'deleteUserData',
  domain: 'compute',
  description: 'Removes user data that was registered and that no machine was given.',
  event: 'USER.DATA.DELETE',
  rest: { method: 'DELETE', path: '/user-data/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The user data.'),
    account: text('Accepted for compatibility: the id says it.').optional(),
    domainId: uuid('Accepted for compatibility.').optional(),
    projectId: uuid('Accepted for compatibility.').optional(),
  }),
});
