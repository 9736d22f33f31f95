import { listDedicatedClusters } from '@durastack/contracts/infra/list-dedicated-clusters';
import { defineList } from '../engine/define-list.js';
import { DEDICATION_COLUMNS, DEDICATION_FILTERS } from './dedication-columns.js';

/** Dedicated clusters. */
export const dedicatedClusters = defineList({
  command: listDedicatedClusters,
  table: 'dedication',
  joins: ['LEFT JOIN cluster place ON place.id = b.resource_id'],
  where: "b.resource_type = 'cluster'",
  columns: { ...DEDICATION_COLUMNS, clusterId: 'b.resource_id', clusterName: 'place.name' },
  filters: { ...DEDICATION_FILTERS, clusterId: 'b.resource_id' },
});
