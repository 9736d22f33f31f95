import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, uuid } from '../fields.js';

/** Removes a network that no machine is on. */
export const deleteNetwork = defineCommand({
  name: 'deleteNetwork',
  domain: 'network',
  description: 'Removes a network that no machine is on.',
  event: 'NETWORK.DELETE',
  rest: { method: 'DELETE', path: '/networks/{id}' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The network.'), forced: bool('Accepted for compatibility.').optional() }),
  operation: {
    title: 'Delete network',
    resource: 'network',
    locks: { network: 'exclusive' },
    lifecycle: { begin: 'RemoveRequested', succeed: 'Removed', undo: 'RemoveUndone' },
  },
});
