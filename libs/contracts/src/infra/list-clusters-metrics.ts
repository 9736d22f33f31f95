import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { clusterView } from './cluster.view.js';
import { listClusters } from './list-clusters.js';
import { usageFields } from './usage-fields.js';

/** Lists clusters with what their hosts have, have given out and use. */
export const listClustersMetrics = defineListCommand({
  name: 'listClustersMetrics',
  domain: 'infra',
  description: 'Lists clusters as listClusters does, with what their hosts have, have given out and use.',
  rest: { method: 'GET', path: '/cluster-metrics' },
  roles: ROOT_ONLY,
  params: listClusters.params,
  result: clusterView.extend({ ...usageFields, hosts: text('Hosts that are up, and all of them: `3 / 4`.') }),
  wrapper: 'cluster',
});
