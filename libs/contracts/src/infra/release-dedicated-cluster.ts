import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Ends the dedication of a cluster. */
export const releaseDedicatedCluster = defineCommand({
  name: 'releaseDedicatedCluster',
  domain: 'infra',
  description: 'Ends the dedication of a cluster: it takes machines of everybody again.',
  event: 'DEDICATE.RESOURCE.RELEASE',
  rest: { method: 'DELETE', path: '/clusters/{clusterId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ clusterId: uuid('The cluster.') }),
  answersAsJob: true,
});
