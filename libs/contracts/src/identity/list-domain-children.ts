import { z } from 'zod';
import { ADMIN_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { domainView } from './domain.view.js';

/** Lists the domains below one. */
export const listDomainChildren = defineListCommand({
  name: 'listDomainChildren',
  domain: 'identity',
  description: 'Lists the domains below one: next to it, or all.',
  rest: { method: 'GET', path: '/domains/{id}/children' },
  roles: ADMIN_ROLES,
  params: z.object({
    keyword: listParams.keyword,
    page: listParams.page,
    pageSize: listParams.pageSize,
    id: uuid('The domain above them; the own one when not given.').optional(),
    name: text('Only the one with this name.').optional(),
    isRecursive: bool('Also those further below.').optional(),
    listAll: bool('Accepted for compatibility: all that may be seen are listed.').optional(),
    showIcon: bool('Accepted for compatibility: there are no icons.', { wireName: 'showicon' }).optional(),
  }),
  result: domainView,
  wrapper: 'domain',
});
