import { z } from 'zod';
import { ADMIN_ROLES, defineListCommand } from '../command.js';
import { bool, int, list, text, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { domainView } from './domain.view.js';

/** Lists domains: the caller's own and those below it. */
export const listDomains = defineListCommand({
  name: 'listDomains',
  domain: 'identity',
  description: 'Lists domains: the own one and those below it.',
  rest: { method: 'GET', path: '/domains' },
  roles: ADMIN_ROLES,
  params: z.object({
    ...listParams,
    listAll: bool('Accepted for compatibility: all that may be seen are listed.').optional(),
    name: text('Only those with this name.').optional(),
    level: int('Only those of this level; ROOT is 0.').optional(),
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
  }),
  result: domainView,
  wrapper: 'domain',
});
