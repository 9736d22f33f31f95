import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, int, long, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { RESOURCE_KINDS } from './resource-kinds.js';
import { resourceLimitView } from './resource-limit.view.js';

/** Lists the limits of an account, a domain or a project. */
export const listResourceLimits = defineListCommand({
  name: 'listResourceLimits',
  domain: 'identity',
  description: 'Lists the limits of an account, a domain or a project; of the own account when none is named.',
  rest: { method: 'GET', path: '/resource-limits' },
  roles: ALL_ROLES,
  params: z.object({
    page: listParams.page,
    pageSize: listParams.pageSize,
    keyword: listParams.keyword,
    id: long('Accepted for compatibility: limits are named by their kind.').optional(),
    resourceType: int('Only this kind.', { min: 0, max: RESOURCE_KINDS.length - 1 }).optional(),
    resourceTypeName: text('Only this kind, by its name.').optional(),
    account: text('The account, with domainid.').optional(),
    domainId: uuid('The domain; or that of the account.').optional(),
    projectId: uuid('The project, instead.').optional(),
    listAll: bool('Accepted for compatibility: one at a time is listed.').optional(),
    isRecursive: bool('Accepted for compatibility: one at a time is listed.').optional(),
    tag: text('Accepted for compatibility: limits hold for all tags.').optional(),
  }),
  result: resourceLimitView,
  wrapper: 'resourcelimit',
});
