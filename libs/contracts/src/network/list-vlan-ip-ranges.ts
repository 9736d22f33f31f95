import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { vlanIpRangeView } from './vlan-ip-range.view.js';

/** Lists ranges of public addresses. */
export const listVlanIpRanges = defineListCommand({
  name: 'listVlanIpRanges',
  domain: 'network',
  description: 'Lists ranges of public addresses.',
  rest: { method: 'GET', path: '/vlan-ip-ranges' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    zoneId: uuid('Only those of this zone.').optional(),
    physicalNetworkId: uuid('Only those on this physical network.').optional(),
    vlan: text('Only those on this VLAN.', { max: 20 }).optional(),
    forVirtualNetwork: bool('Only public ones: all are.').optional(),
    networkId: uuid('Accepted for compatibility: none belongs to a network.').optional(),
  }),
  result: vlanIpRangeView,
  wrapper: 'vlaniprange',
});
