import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { domainView } from './domain.view.js';

/** Creates a domain. */
export const createDomain = defineCommand({
  name: 'createDomain',
  domain: 'identity',
  description: 'Creates a domain below another one.',
  event: 'DOMAIN.CREATE',
  rest: { method: 'POST', path: '/domains' },
  roles: ADMIN_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    parentDomainId: uuid('The domain above it; the own one when not given.').optional(),
    networkDomain: text('Accepted for compatibility.').optional(),
  }),
  result: domainView,
  wrapper: 'domain',
});
