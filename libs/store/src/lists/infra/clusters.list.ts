import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { listClusters } from '@durastack/contracts/infra/list-clusters';
import { defineList } from '../engine/define-list.js';

/** Clusters. */
export const clusters = defineList({
  command: listClusters,
  resource: 'cluster',
  table: 'cluster',
  joins: ['LEFT JOIN zone z ON z.id = b.zone_id', 'LEFT JOIN pod p2 ON p2.id = b.pod_id'],
  columns: {
    id: 'b.id',
    name: 'b.name',
    podId: 'b.pod_id',
    podName: 'p2.name',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    hypervisorType: 'b.hypervisor',
    allocationState: 'b.allocation_state',
  },
  map: () => ({
    clusterType: 'CloudManaged',
    managedState: 'Managed',
    cpuOvercommitRatio: OVERCOMMIT.host.cpuOvercommit.toFixed(1),
    memoryOvercommitRatio: '1.0',
  }),
  filters: {
    name: 'b.name',
    zoneId: 'b.zone_id',
    podId: 'b.pod_id',
    hypervisor: 'b.hypervisor',
    allocationState: 'b.allocation_state',
    clusterType: 'accepted',
    managedState: 'accepted',
  },
  keyword: ['b.name'],
});
