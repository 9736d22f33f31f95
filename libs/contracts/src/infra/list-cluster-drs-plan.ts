import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { clusterDrsPlanView } from './cluster-drs-plan.view.js';

/** Lists plans. */
export const listClusterDrsPlan = defineListCommand({
  name: 'listClusterDrsPlan',
  domain: 'infra',
  description: 'Lists plans of the distributed resource scheduler, the newest first, with what became of each move.',
  rest: { method: 'GET', path: '/drs-plans' },
  roles: ROOT_ONLY,
  params: z.object({ ...listParams, clusterId: uuid('Only those of this cluster.').optional() }),
  result: clusterDrsPlanView,
  wrapper: 'clusterdrsplan',
});
