import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { isPublic, roleDescription, roleName, roleType } from './role-fields.js';
import { roleView } from './role.view.js';

/** Creates a role. */
export const createRole = defineCommand({
  name: 'createRole',
  domain: 'identity',
  description: 'Creates a role: of a type, without rules, or with those of another role.',
  event: 'ROLE.CREATE',
  rest: { method: 'POST', path: '/roles' },
  roles: ROOT_ONLY,
  params: z.object({
    name: roleName,
    type: roleType.optional(),
    roleId: uuid('Copy the type and the rules of this role, instead of giving a type.').optional(),
    description: roleDescription.optional(),
    isPublic: isPublic.optional(),
  }),
  result: roleView,
  wrapper: 'role',
});
