import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a range of public addresses of which nobody has one. */
export const deleteVlanIpRange = defineCommand({
  name: 'deleteVlanIpRange',
  domain: 'network',
  description: 'Removes a range of public addresses of which nobody has one.',
  event: 'VLAN.IP.RANGE.DELETE',
  rest: { method: 'DELETE', path: '/vlan-ip-ranges/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The range.') }),
});
