import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, ipv4, text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { publicIpAddressView } from './public-ip-address.view.js';

/** Lists public addresses. */
export const listPublicIpAddresses = defineListCommand({
  name: 'listPublicIpAddresses',
  domain: 'network',
  description: 'Lists public addresses: those that belong to somebody, with allocatedonly=false also free ones.',
  rest: { method: 'GET', path: '/public-ip-addresses' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    zoneId: uuid('Only those of this zone.').optional(),
    ipAddress: ipv4('Only this address.').optional(),
    allocatedOnly: bool('Only those that belong to somebody; true when not given.').optional(),
    state: text('Allocated or Free.').optional(),
    associatedNetworkId: uuid('Only those that are held for this network.').optional(),
    networkId: uuid('Accepted for compatibility: there are no networks of public addresses.').optional(),
    vlanId: uuid('Only those of this range.').optional(),
    physicalNetworkId: uuid('Only those on this physical network.').optional(),
    vpcId: uuid('There are no VPCs.').optional(),
    isSourceNat: bool('There are none that networks go out with.').optional(),
    isStaticNat: bool('There are none of one machine.').optional(),
    forLoadBalancing: bool('There are none for load balancing.').optional(),
    forVirtualNetwork: bool('Only public ones: all are.').optional(),
    forDisplay: bool('Accepted for compatibility: all are shown.').optional(),
  }),
  result: publicIpAddressView,
  wrapper: 'publicipaddress',
});
