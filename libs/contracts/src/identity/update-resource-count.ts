import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { int, text, uuid } from '../fields.js';
import { RESOURCE_KINDS } from './resource-kinds.js';
import { resourceCountView } from './resource-limit.view.js';

/** Counts what an account, a domain or a project has. */
export const updateResourceCount = defineListCommand({
  name: 'updateResourceCount',
  domain: 'identity',
  description:
    'Counts what an account, a domain with all below it, or a project has. There are no counters that could be wrong.',
  rest: { method: 'GET', path: '/resource-counts' },
  roles: ALL_ROLES,
  params: z.object({
    domainId: uuid('The domain; or that of the account.'),
    account: text('The account.').optional(),
    projectId: uuid('The project, instead.').optional(),
    resourceType: int('Only this kind.', { min: 0, max: RESOURCE_KINDS.length - 1 }).optional(),
    tag: text('Accepted for compatibility: counts hold for all tags.').optional(),
  }),
  result: resourceCountView,
  wrapper: 'resourcecount',
});
