import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { int, uuid } from '../fields.js';
import { clusterDrsPlanView } from './cluster-drs-plan.view.js';

/** Plans which machines of a cluster should move where. */
export const generateClusterDrsPlan = defineCommand({
  name: 'generateClusterDrsPlan',
  domain: 'infra',
  description:
    'Plans which machines of a cluster should move where, by what was measured of late and by the settings of the cluster. Moves nothing; the plan is kept, for listClusterDrsPlan and executeClusterDrsPlan.',
  event: 'CLUSTER.DRS.GENERATE',
  rest: { method: 'POST', path: '/clusters/{id}/drs-plans' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The cluster.'),
    migrations: int('The greatest number of moves; default: the setting drs.max.migrations.', {
      min: 1,
      max: 1_000,
    }).optional(),
  }),
  result: clusterDrsPlanView,
  wrapper: 'generateclusterdrsplanresponse',
});
