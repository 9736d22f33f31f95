import { ALL_ROLES, defineListCommand } from '../command.js';
import { long, text } from '../fields.js';
import { listVirtualMachines } from './list-virtual-machines.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Lists virtual machines with what they have and use. */
export const listVirtualMachinesMetrics = defineListCommand({
  name: 'listVirtualMachinesMetrics',
  domain: 'compute',
  description:
    'Lists virtual machines as listVirtualMachines does, with what they have and what they used of late, as their hosts measured it every few minutes.',
  rest: { method: 'GET', path: '/virtual-machine-metrics' },
  roles: ALL_ROLES,
  params: listVirtualMachines.params,
  result: virtualMachineView.extend({
    cpuTotal: text('Its processors together: `2.0 Ghz`.'),
    cpuUsed: text('Measured use of its processors: `12.50%`; absent while nothing was measured.').optional(),
    memoryTotal: text('Its memory: `0.50 GiB`.'),
    memoryTargetKbs: long('Its memory in KiB.'),
    memoryKbs: long('What its host uses for it, in KiB; absent while nothing was measured.').optional(),
  }),
  wrapper: 'virtualmachine',
});
