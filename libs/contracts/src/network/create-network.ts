import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, int, oneOf, text, uuid } from '../fields.js';
import { networkView } from './network.view.js';

/** Makes a shared network: a record; hosts set it up with the first machine that joins it there. */
export const createNetwork = defineCommand({
  name: 'createNetwork',
  domain: 'network',
  description: 'Makes a shared network with a range of addresses, which hosts serve by DHCP.',
  event: 'NETWORK.CREATE',
  rest: { method: 'POST', path: '/networks' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    networkOfferingId: uuid(
      'Its offering: DefaultSharedNetworkOffering, or DefaultSharedVxlanNetworkOffering for one that spans hosts.',
    ),
    name: text('Its name.'),
    displayText: text('Its name for people; the name when not given.', { max: 4096 }).optional(),
    gateway: text('Its gateway, an IPv4 address.', { max: 45 }),
    netmask: text('Its netmask.', { max: 45 }),
    startIp: text('First address for machines.', { max: 45 }),
    endIp: text('Last address for machines; the first when not given.', { max: 45 }).optional(),
    vlan: text(
      'VLAN, 1 to 4094 or `untagged`; Open vSwitch only. With VXLAN `vxlan://<VNI>`; chosen from the zone when not given.',
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
