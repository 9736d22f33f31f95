import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Lets HA act again for the hosts of a cluster that have it enabled. */
export const enableHAForCluster = defineCommand({
  name: 'enableHAForCluster',
  domain: 'infra',
  description: 'Lets HA act again for the hosts of a cluster that have it enabled.',
  event: 'HA.RESOURCE.ENABLE',
  rest: { method: 'PUT', path: '/clusters/{clusterId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ clusterId: uuid('The cluster.') }),
  answersAsJob: true,
});
