import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, oneOf, text, uuid } from '../fields.js';
import { networkView } from './network.view.js';

/** Makes a network: a record; hosts set it up with the first machine that joins it there. */
export const createNetwork = defineCommand({
  name: 'createNetwork',
  domain: 'network',
  description:
    'Makes a network, whose addresses hosts serve by DHCP. Shared ones are for administrators; isolated and L2 ones belong to an account.',
  event: 'NETWORK.CREATE',
  rest: { method: 'POST', path: '/networks' },
  roles: ALL_ROLES,
  params: z.object({
    zoneId: uuid('Its zone.'),
    networkOfferingId: uuid('Its offering, which says what kind of network it is.'),
    name: text('Its name.'),
    displayText: text('Its name for people; the name when not given.', { max: 4096 }).optional(),
    gateway: text('Its gateway, an IPv4 address; of an isolated network chosen when not given.', {
      max: 45,
    }).optional(),
    netmask: text('Its netmask, with the gateway.', { max: 45 }).optional(),
    startIp: text('First address for machines; of an isolated network the first that is free.', {
      max: 45,
    }).optional(),
    endIp: text('Last address for machines; the first when not given, of an isolated network the last.', {
      max: 45,
    }).optional(),
    vlan: text(
      'For administrators: VLAN, 1 to 4094 or `untagged`; Open vSwitch only. With VXLAN `vxlan://<VNI>`; chosen from the zone when not given.',
      { max: 20 },
    ).optional(),
    driver: oneOf('What switches it on hosts; bridge when not given, always ovs with VXLAN', [
      'bridge',
      'ovs',
    ]).optional(),
    aclType: oneOf('Who may use it; Domain when not given', ['Account', 'Domain']).optional(),
    account: text('The owner, with domainid.').optional(),
    projectId: uuid('The project that owns it, instead of an account.').optional(),
    domainId: uuid("The owner's domain: only it and those below may use the network.").optional(),
    physicalNetworkId: uuid('Accepted for compatibility.').optional(),
    displayNetwork: bool('Accepted for compatibility.').optional(),
    publicMtu: int('Accepted for compatibility.').optional(),
    privateMtu: int(
      'Bytes that guests may send in one packet, 1280 to 9000; 1500 when not given, 1450 with VXLAN, which needs 50 more between hosts.',
    ).optional(),
  }),
  result: networkView,
  wrapper: 'network',
});
