import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { clusterView } from './cluster.view.js';

/** Creates a cluster: hosts of one hypervisor that share storage. */
export const addCluster = defineCommand({
  name: 'addCluster',
  domain: 'infra',
  description: 'Creates a cluster.',
  event: 'CLUSTER.CREATE',
  rest: { method: 'POST', path: '/clusters' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    podId: uuid('Its pod.'),
    clusterName: text('Its name.').min(1),
    clusterType: text('CloudManaged.').optional(),
    hypervisor: oneOf('The hypervisor of its hosts.', ['KVM', 'Simulator']),
    allocationState: oneOf('Whether machines may be placed there; Enabled when not given.', [
      'Enabled',
      'Disabled',
    ]).optional(),
  }),
  result: clusterView,
  wrapper: 'cluster',
  wrapsInList: true,
});
