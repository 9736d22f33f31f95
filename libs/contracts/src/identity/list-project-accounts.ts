import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { projectAccountView } from './project-account.view.js';

/** Lists the members of a project. */
export const listProjectAccounts = defineListCommand({
  name: 'listProjectAccounts',
  domain: 'identity',
  description: 'Lists the members of a project.',
  rest: { method: 'GET', path: '/projects/{projectId}/accounts' },
  roles: ALL_ROLES,
  params: z.object({
    keyword: listParams.keyword,
    page: listParams.page,
    pageSize: listParams.pageSize,
    projectId: uuid('The project.'),
    account: text('Only this account.').optional(),
    userId: uuid('Only this user.').optional(),
    projectRoleId: uuid('Only members with this role of the project.').optional(),
    role: text('Only members who are Admin, or Regular.').optional(),
  }),
  result: projectAccountView,
  wrapper: 'projectaccount',
});
