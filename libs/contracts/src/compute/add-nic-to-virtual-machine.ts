import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { ipv4, mapList, text, uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Gives a machine an interface on one more network. */
export const addNicToVirtualMachine = defineCommand({
  name: 'addNicToVirtualMachine',
  domain: 'compute',
  description: 'Gives a virtual machine an interface on one more network; a running one is given it at once.',
  event: 'NIC.CREATE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/nics' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    networkId: uuid('The network; one that the machine is not on.'),
    ipAddress: ipv4('The address wanted there; a free one when not given.').optional(),
    macAddress: text('The MAC wanted; one of our own when not given.', { max: 17 }).optional(),
    dhcpOptions: mapList('Accepted for compatibility.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Add an interface to',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', network: 'shared' },
    lifecycle: {},
  },
});
