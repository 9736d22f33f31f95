import { listStoragePools } from '@durastack/contracts/storage/list-storage-pools';
import { JOB_COLUMNS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';

/** CloudStack's words for the kinds of pools. */
const TYPES: Readonly<Record<string, string>> = {
  directory: 'Filesystem',
  'shared-mount-point': 'SharedMountPoint',
  rbd: 'RBD',
};

/** Primary-storage pools. */
export const storagePools = defineList({
  command: listStoragePools,
  resource: 'storage-pool',
  table: 'storage_pool',
  joins: [
    'LEFT JOIN zone z ON z.id = b.zone_id',
    'LEFT JOIN pod p2 ON p2.id = b.pod_id',
    'LEFT JOIN cluster c ON c.id = b.cluster_id',
  ],
  where: "b.state <> 'Removed'",
  columns: {
    id: 'b.id',
    name: 'b.name',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    podId: 'b.pod_id',
    podName: 'p2.name',
    clusterId: 'b.cluster_id',
    clusterName: 'c.name',
    scope: 'b.scope',
    path: 'b.path',
    state: "IF(b.state = 'Up' AND b.allocation_state <> 'Enabled', b.allocation_state, b.state)",
    hypervisor: 'c.hypervisor',
    diskSizeTotal: 'b.capacity_bytes',
    overprovisionFactor: 'b.overprovisioning',
    diskSizeUsed: 'b.used_bytes',
    diskSizeAllocated: 'b.reserved_bytes',
    tags: 'b.tags',
    created: 'b.created_at',
    ...JOB_COLUMNS,
  },
  extra: {
    kind: 'b.kind',
    monitors: 'b.monitors',
    locks: 'b.locks',
    triedAt: "DATE_FORMAT(b.locks_tried_at, '%Y-%m-%dT%H:%i:%sZ')",
  },
  map: ({ kind, monitors, locks, triedAt }) => ({
    type: TYPES[String(kind)] ?? 'SharedMountPoint',
    ipAddress: typeof monitors === 'string' ? monitors.replace(/:\d+(,.*)?$/, '') : 'localhost',
    ...(typeof locks === 'string' ? { details: { locks, lockstriedat: String(triedAt) } } : {}),
    provider: 'DefaultPrimary',
    managed: false,
    suitableForMigration: false,
  }),
  filters: {
    name: 'b.name',
    zoneId: 'b.zone_id',
    podId: 'b.pod_id',
    clusterId: 'b.cluster_id',
    hostId: 'b.host_id',
    path: 'b.path',
    scope: 'b.scope',
    status: 'b.state',
    ipAddress: 'accepted',
  },
  keyword: ['b.name'],
});
