import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { mapList, uuid } from '../fields.js';
import { clusterDrsPlanView } from './cluster-drs-plan.view.js';

/** Carries a plan out. */
export const executeClusterDrsPlan = defineCommand({
  name: 'executeClusterDrsPlan',
  domain: 'infra',
  description:
    'Moves machines of a cluster as planned, each by an operation of its own that is judged anew before it begins. Ends early when the cluster is not what was planned for any more.',
  event: 'CLUSTER.DRS',
  rest: { method: 'POST', path: '/clusters/{id}/drs' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The cluster.'),
    planId: uuid('A plan of the cluster that nobody has carried out yet.').optional(),
    migrateTo: mapList('These moves instead of a plan: vm and host of each.').optional(),
  }),
  result: clusterDrsPlanView,
  wrapper: 'clusterdrsplan',
  operation: {
    title: 'Balance',
    resource: 'cluster',
    // Moves lock their machines; the intent to balance needs none: a second one is refused while one is open.
    locks: {},
    lifecycle: {},
  },
});
