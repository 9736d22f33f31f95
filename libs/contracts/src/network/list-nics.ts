import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { secondaryIps } from './secondary-ip.view.js';

const { keyword, page, pageSize } = listParams;

/** Lists the network interfaces of a virtual machine. */
export const listNics = defineListCommand({
  name: 'listNics',
  domain: 'network',
  description: 'Lists the network interfaces of a virtual machine.',
  rest: { method: 'GET', path: '/virtual-machines/{virtualMachineId}/nics' },
  roles: ALL_ROLES,
  params: z.object({
    ...{ keyword, page, pageSize },
    virtualMachineId: uuid('The virtual machine.'),
    nicId: uuid('Only this one.').optional(),
    networkId: uuid('Only those on this network.').optional(),
    forDisplay: bool('Accepted for compatibility: all are shown.').optional(),
  }),
  result: z.object({
    id: uuid('The interface.'),
    virtualMachineId: uuid('Its virtual machine.'),
    networkId: uuid('Its network.'),
    networkName: text('The name of its network.'),
    ipAddress: text('Its IPv4 address.').optional(),
    netmask: text('The netmask of the network.').optional(),
    gateway: text('The gateway of the network.').optional(),
    macAddress: text('Its MAC address.'),
    isDefault: bool('Whether it carries the default route.'),
    trafficType: text('Guest.'),
    type: text('The kind of its network: Shared, Isolated or L2.'),
    secondaryIp: secondaryIps,
  }),
  wrapper: 'nic',
});
