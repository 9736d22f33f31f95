import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { int, long, text, uuid } from '../fields.js';
import { RESOURCE_KINDS } from './resource-kinds.js';
import { resourceLimitView } from './resource-limit.view.js';

/** Sets how many of a kind an account, a domain or a project may have. */
export const updateResourceLimit = defineCommand({
  name: 'updateResourceLimit',
  domain: 'identity',
  description: 'Sets how many of a kind an account, a domain with all below it, or a project may have.',
  event: 'RESOURCE.LIMIT.UPDATE',
  rest: { method: 'PUT', path: '/resource-limits/{resourceType}' },
  roles: ADMIN_ROLES,
  params: z.object({
    resourceType: int('CloudStack’s number of the kind.', { min: 0, max: RESOURCE_KINDS.length - 1 }),
    max: long('How many, MiB of memory, GiB of storage; -1, or not given: any number.', { min: -1 }).optional(),
    account: text('The account, with domainid.').optional(),
    domainId: uuid('The domain; or that of the account.').optional(),
    projectId: uuid('The project, instead.').optional(),
    tag: text('Accepted for compatibility: limits hold for all tags.').optional(),
  }),
  result: resourceLimitView,
  wrapper: 'resourcelimit',
});
