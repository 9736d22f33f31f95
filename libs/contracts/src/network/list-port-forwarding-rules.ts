import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';

/** Port forwarding rules: none, as long as every network is a shared one. */
export const listPortForwardingRules = defineListCommand({
  name: 'listPortForwardingRules',
  domain: 'network',
  description: 'Lists port forwarding rules. They belong to public addresses, of which shared networks have none.',
  rest: { method: 'GET', path: '/port-forwarding-rules' },
  roles: ALL_ROLES,
  params: z.object({ ...scopedListParams, zoneId: uuid('Only those of this zone.').optional() }),
  result: z.object({
    id: uuid('Its id.'),
    protocol: text('tcp or udp.'),
    ipAddress: text('The public address.'),
    virtualMachineId: uuid('Where it leads.'),
  }),
  wrapper: 'portforwardingrule',
});
