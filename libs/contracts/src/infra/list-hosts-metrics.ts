import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { hostView } from './host.view.js';
import { listHosts } from './list-hosts.js';

/** Lists hosts with what they have, have given out and use. */
export const listHostsMetrics = defineListCommand({
  name: 'listHostsMetrics',
  domain: 'infra',
  description:
    'Lists hosts as listHosts does, with what they have, have given out and use in the units that people read, and with the machines on them.',
  rest: { method: 'GET', path: '/host-metrics' },
  roles: ROOT_ONLY,
  params: listHosts.params,
  result: hostView.extend({
    powerState: text('What its management controller says of it: On, Off, Unknown or Disabled.').optional(),
    instances: text('Machines that run on it, and all that are on it: `3 / 4`.'),
    cpuTotalGhz: text('Its processors together: `16.00 Ghz`.'),
    cpuAllocatedGhz: text('What of them is given out.'),
    cpuUsedGhz: text('Measured use of them; absent while nothing was measured.').optional(),
    memoryTotalGb: text('Its memory: `16.00 GiB`.'),
    memoryAllocatedGb: text('What of it is given out.'),
    memoryUsedGb: text('Measured use of it; absent while nothing was measured.').optional(),
  }),
  wrapper: 'host',
});
