import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { domainView } from './domain.view.js';

/** Moves a domain, with all below it, to another place in the tree. */
export const moveDomain = defineCommand({
  name: 'moveDomain',
  domain: 'identity',
  description: 'Moves a domain, with all below it, to another place in the tree.',
  event: 'DOMAIN.MOVE',
  rest: { method: 'POST', path: '/domains/{domainId}/move' },
  roles: ROOT_ONLY,
  params: z.object({
    domainId: uuid('The domain.'),
    parentDomainId: uuid('The domain that it is to be below.'),
  }),
  result: domainView,
  wrapper: 'domain',
});
