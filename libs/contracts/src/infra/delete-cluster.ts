import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a cluster that is empty. */
export const deleteCluster = defineCommand({
  name: 'deleteCluster',
  domain: 'infra',
  description: 'Removes a cluster that is empty.',
  event: 'CLUSTER.DELETE',
  rest: { method: 'DELETE', path: '/clusters/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The cluster.') }),
});
