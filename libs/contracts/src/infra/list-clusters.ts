import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { clusterView } from './cluster.view.js';

/** Lists clusters. */
export const listClusters = defineListCommand({
  name: 'listClusters',
  domain: 'infra',
  description: 'Lists clusters.',
  rest: { method: 'GET', path: '/clusters' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    podId: uuid('Only those of this pod.').optional(),
    hypervisor: text('Only those of this hypervisor.').optional(),
    allocationState: text('Only those in this allocation state.').optional(),
    clusterType: text('Accepted for compatibility: all are CloudManaged.').optional(),
    managedState: text('Accepted for compatibility: all are Managed.').optional(),
  }),
  result: clusterView,
  wrapper: 'cluster',
});
