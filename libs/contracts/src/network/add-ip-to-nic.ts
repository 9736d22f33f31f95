import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { ipv4, text, uuid } from '../fields.js';
import { secondaryIps } from './secondary-ip.view.js';

/** Gives an interface one more address. */
export const addIpToNic = defineCommand({
  name: 'addIpToNic',
  domain: 'network',
  description:
    'Gives an interface of a virtual machine one more IPv4 address of its network. The guest may speak from it at once, and has to give it to itself: DHCP does not offer it.',
  event: 'NIC.SECONDARY.IP.ASSIGN',
  rest: { method: 'POST', path: '/nics/{nicId}/secondary-ips' },
  roles: ALL_ROLES,
  params: z.object({
    nicId: uuid('The interface.'),
    ipAddress: ipv4('The address wanted; a free one when not given.').optional(),
  }),
  result: z.object({
    id: uuid('The secondary address.'),
    ipAddress: text('The address.'),
    nicId: uuid('Its interface.'),
    networkId: uuid('Its network.'),
    virtualMachineId: uuid('Its virtual machine.'),
    secondaryIp: secondaryIps,
  }),
  wrapper: 'nicsecondaryip',
  operation: {
    title: 'Add an address to',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', network: 'shared' },
    lifecycle: {},
  },
});
