import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { virtualMachineView } from '../compute/virtual-machine.view.js';
import { ipv4, uuid } from '../fields.js';

/** Gives an interface another address. */
export const updateVmNicIp = defineCommand({
  name: 'updateVmNicIp',
  domain: 'network',
  description:
    'Gives an interface of a stopped virtual machine another IPv4 address of its network. DHCP offers it from the next start on; the former one is free at once.',
  event: 'NIC.UPDATE',
  rest: { method: 'PUT', path: '/nics/{nicId}/ip' },
  roles: ALL_ROLES,
  params: z.object({
    nicId: uuid('The interface; its machine must be stopped.'),
    ipAddress: ipv4('The address wanted; another free one when not given.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  answersAsJob: true,
});
