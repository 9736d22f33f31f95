import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedClusterView } from './dedicated-cluster.view.js';
import { dedicationListParams } from './dedication-fields.js';

/** Lists dedicated clusters. */
export const listDedicatedClusters = defineListCommand({
  name: 'listDedicatedClusters',
  domain: 'infra',
  description: 'Lists dedicated clusters.',
  rest: { method: 'GET', path: '/dedicated-clusters' },
  roles: ROOT_ONLY,
  params: z.object({ ...dedicationListParams, clusterId: uuid('Only this cluster.').optional() }),
  result: dedicatedClusterView,
  wrapper: 'dedicatedcluster',
});
