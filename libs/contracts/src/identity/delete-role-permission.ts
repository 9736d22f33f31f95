import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Takes a rule from its role. */
export const deleteRolePermission = defineCommand({
  name: 'deleteRolePermission',
  domain: 'identity',
  description: 'Takes a rule from its role.',
  event: 'ROLE.PERMISSION.DELETE',
  rest: { method: 'DELETE', path: '/role-permissions/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The rule.') }),
});
