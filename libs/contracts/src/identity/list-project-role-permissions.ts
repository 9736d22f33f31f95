import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { projectRolePermissionView } from './project-role-permission.view.js';

const { page, pageSize } = listParams;

/** Lists the rules of a role of a project, or of all its roles, in their order. */
export const listProjectRolePermissions = defineListCommand({
  name: 'listProjectRolePermissions',
  domain: 'identity',
  description: 'Lists the rules of a role of a project, or of all its roles, in their order.',
  rest: { method: 'GET', path: '/projects/{projectId}/role-permissions' },
  roles: ALL_ROLES,
  params: z.object({
    ...{ page, pageSize },
    projectId: uuid('The project.'),
    projectRoleId: uuid('Only those of this role.').optional(),
  }),
  result: projectRolePermissionView,
  wrapper: 'projectrolepermission',
});
