import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Takes a secondary address from an interface. */
export const removeIpFromNic = defineCommand({
  name: 'removeIpFromNic',
  domain: 'network',
  description: 'Takes a secondary address from an interface. Its guest may no longer speak from it, and it is free.',
  event: 'NIC.SECONDARY.IP.UNASSIGN',
  rest: { method: 'DELETE', path: '/secondary-ips/{id}' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The secondary address.') }),
  operation: {
    title: 'Take an address from',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: {},
  },
});
