import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a domain, and everything in it when asked to. */
export const deleteDomain = defineCommand({
  name: 'deleteDomain',
  domain: 'identity',
  description:
    'Removes a domain; with cleanup together with its projects, accounts and domains below it and all that they own, else only when it is empty.',
  event: 'DOMAIN.DELETE',
  rest: { method: 'DELETE', path: '/domains/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({
    id: uuid('The domain.'),
    cleanup: bool('Whether everything in it is removed too; false when not given.').optional(),
  }),
  operation: {
    title: 'Delete domain',
    resource: 'domain',
    // What is asked of its things meanwhile would wait for a lock that waits for them.
    locks: {},
    lifecycle: {},
  },
});
