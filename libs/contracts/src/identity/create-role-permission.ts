import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { permission, rule } from './role-fields.js';
import { rolePermissionView } from './role-permission.view.js';

/** Adds a rule to a role, behind those that it has. */
export const createRolePermission = defineCommand({
  name: 'createRolePermission',
  domain: 'identity',
  description: 'Adds a rule to a role, behind those that it has.',
  event: 'ROLE.PERMISSION.CREATE',
  rest: { method: 'POST', path: '/roles/{roleId}/permissions' },
  roles: ROOT_ONLY,
  params: z.object({
    roleId: uuid('The role.'),
    rule,
    permission,
    description: text('What it is for.').optional(),
  }),
  result: rolePermissionView,
  wrapper: 'rolepermission',
});
