import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { dedicationFields } from './dedication-fields.js';

/** A dedicated cluster. */
export const dedicatedClusterView = z.object({
  ...dedicationFields,
  clusterId: uuid('The cluster.'),
  clusterName: text('The name of the cluster.'),
});
