import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** Lets the management controllers of a cluster be used again, each as it is enabled for its host. */
export const enableOutOfBandManagementForCluster = defineCommand({
  name: 'enableOutOfBandManagementForCluster',
  domain: 'infra',
  description: 'Lets the management controllers of a cluster be used again, each as it is enabled for its host.',
  event: 'HOST.OOBM.ENABLE',
  rest: { method: 'POST', path: '/clusters/{clusterId}/out-of-band-management/enable' },
  roles: ROOT_ONLY,
  params: z.object({ clusterId: uuid('The cluster.') }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  answersAsJob: true,
});
