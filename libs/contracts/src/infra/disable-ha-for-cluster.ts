import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Keeps HA from acting for any host of a cluster, whatever is enabled on the hosts. What is under way goes on. */
export const disableHAForCluster = defineCommand({
  name: 'disableHAForCluster',
  domain: 'infra',
  description:
    'Keeps HA from acting for any host of a cluster, whatever is enabled on the hosts. What is under way goes on.',
  event: 'HA.RESOURCE.DISABLE',
  rest: { method: 'DELETE', path: '/clusters/{clusterId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ clusterId: uuid('The cluster.') }),
  answersAsJob: true,
});
