import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { projectRoleView } from './project-role.view.js';

const { keyword, page, pageSize } = listParams;

/** Lists the roles of a project. */
export const listProjectRoles = defineListCommand({
  name: 'listProjectRoles',
  domain: 'identity',
  description: 'Lists the roles of a project.',
  rest: { method: 'GET', path: '/projects/{projectId}/roles' },
  roles: ALL_ROLES,
  params: z.object({
    ...{ keyword, page, pageSize },
    projectId: uuid('The project.'),
    projectRoleId: uuid('Only this one.').optional(),
    name: text('Only the one with this name.').optional(),
  }),
  result: projectRoleView,
  wrapper: 'projectrole',
});
