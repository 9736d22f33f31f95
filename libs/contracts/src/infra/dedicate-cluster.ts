import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedClusterView } from './dedicated-cluster.view.js';
import { dedicateeParams } from './dedication-fields.js';

/** Dedicates a cluster. */
export const dedicateCluster = defineCommand({
  name: 'dedicateCluster',
  domain: 'infra',
  description:
    'Dedicates a cluster to an account, or to a domain and all below it: from now on it takes no machine of others. Refused while machines of others run there.',
  event: 'DEDICATE.RESOURCE',
  rest: { method: 'POST', path: '/clusters/{clusterId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ clusterId: uuid('The cluster.'), ...dedicateeParams }),
  result: dedicatedClusterView,
  wrapper: 'dedicatedcluster',
  answersAsJob: true,
});
