import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';

/** Public addresses: none, as long as every network is a shared one. */
export const listPublicIpAddresses = defineListCommand({
  name: 'listPublicIpAddresses',
  domain: 'network',
  description:
    'Lists public addresses that are held by networks. Shared networks give machines their addresses directly, so there are none.',
  rest: { method: 'GET', path: '/public-ip-addresses' },
  roles: ALL_ROLES,
  params: z.object({ ...scopedListParams, zoneId: uuid('Only those of this zone.').optional() }),
  result: z.object({
    id: uuid('Its id.'),
    ipAddress: text('The address.'),
    zoneId: uuid('Its zone.'),
    state: text('Allocated.'),
  }),
  wrapper: 'publicipaddress',
});
