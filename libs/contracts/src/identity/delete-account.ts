import { z } from 'zod';
import { ADMIN_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes an account with its users and everything that it owns. */
export const deleteAccount = defineCommand({
  name: 'deleteAccount',
  domain: 'identity',
  description:
    'Removes an account with its users and everything that it owns: machines, volumes, networks, addresses and templates, each by an operation of its own.',
  event: 'ACCOUNT.DELETE',
  rest: { method: 'DELETE', path: '/accounts/{id}' },
  roles: ADMIN_ROLES,
  params: z.object({ id: uuid('The account.') }),
  operation: {
    title: 'Delete account',
    resource: 'account',
    // What is asked of its things meanwhile would wait for a lock that waits for them.
    locks: {},
    lifecycle: {},
  },
});
