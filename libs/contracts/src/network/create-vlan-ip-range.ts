import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, ipv4, text, uuid } from '../fields.js';
import { vlanIpRangeView } from './vlan-ip-range.view.js';

/** Adds a range of public addresses to a zone. */
export const createVlanIpRange = defineCommand({
  name: 'createVlanIpRange',
  domain: 'network',
  description: 'Adds a range of public addresses to a zone.',
  event: 'VLAN.IP.RANGE.CREATE',
  rest: { method: 'POST', path: '/vlan-ip-ranges' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('The zone.'),
    physicalNetworkId: uuid(
      'The physical network that it is on; the one that carries public traffic in the zone when not given.',
    ).optional(),
    gateway: ipv4('The gateway of the addresses.'),
    netmask: ipv4('Its netmask.'),
    startIp: ipv4('The first address.'),
    endIp: ipv4('The last address; the first when not given.').optional(),
    vlan: text('VLAN, 1 to 4094 or `untagged`; untagged when not given.', { max: 20 }).optional(),
    forVirtualNetwork: bool(
      'Must be true, which it is when not given: shared networks get theirs when they are made.',
    ).optional(),
    account: text('The account that it shall be for alone, with domainid.').optional(),
    domainId: uuid('The domain of that account.').optional(),
    projectId: uuid('The project that it shall be for alone.').optional(),
  }),
  result: vlanIpRangeView,
  wrapper: 'vlan',
});
