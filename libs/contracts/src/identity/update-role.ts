import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { isPublic, roleDescription, roleName, roleType } from './role-fields.js';
import { roleView } from './role.view.js';

/** Changes a role. */
export const updateRole = defineCommand({
  name: 'updateRole',
  domain: 'identity',
  description: 'Changes a role; its type only while no account has it.',
  event: 'ROLE.UPDATE',
  rest: { method: 'PATCH', path: '/roles/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The role.'),
    name: roleName.optional(),
    type: roleType.optional(),
    description: roleDescription.optional(),
    isPublic: isPublic.optional(),
  }),
  result: roleView,
  wrapper: 'role',
});
