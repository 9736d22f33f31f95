import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { clusterView } from './cluster.view.js';

/** Changes a cluster. */
export const updateCluster = defineCommand({
  name: 'updateCluster',
  domain: 'infra',
  description: 'Changes a cluster.',
  event: 'CLUSTER.EDIT',
  rest: { method: 'PATCH', path: '/clusters/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The cluster.'),
    clusterName: text('Its new name.').min(1).optional(),
    allocationState: oneOf('Whether machines may be placed there.', ['Enabled', 'Disabled']).optional(),
  }),
  result: clusterView,
  wrapper: 'cluster',
});
