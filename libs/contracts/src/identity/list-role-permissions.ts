import { z } from 'zod';
import { ADMIN_ROLES, defineListCommand } from '../command.js';
import { uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { rolePermissionView } from './role-permission.view.js';

/** Lists the rules of roles. */
export const listRolePermissions = defineListCommand({
  name: 'listRolePermissions',
  domain: 'identity',
  description: 'Lists the rules of a role, or of all roles, in their order.',
  rest: { method: 'GET', path: '/role-permissions' },
  roles: ADMIN_ROLES,
  params: z.object({
    page: listParams.page,
    pageSize: listParams.pageSize,
    roleId: uuid('Only those of this role.').optional(),
  }),
  result: rolePermissionView,
  wrapper: 'rolepermission',
});
