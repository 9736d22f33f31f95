import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { domainView } from './domain.view.js';

/** Renames a domain. */
export const updateDomain = defineCommand({
  name: 'updateDomain',
  domain: 'identity',
  description: 'Renames a domain.',
  event: 'DOMAIN.UPDATE',
  rest: { method: 'PATCH', path: '/domains/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The domain.'),
    name: text('Its new name.').min(1).optional(),
    networkDomain: text('Accepted for compatibility.').optional(),
  }),
  result: domainView,
  wrapper: 'domain',
});
