import { listServiceOfferings } from '@durastack/contracts/compute/list-service-offerings';
import { NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { scopeCondition } from '../engine/scope.js';
import { sql } from '../engine/sql.js';

const MACHINES = { account: 'v.account_id', domain: 'v.domain_id' };

/** Bounds as texts, those that there are. */
function boundsOf(columns: Readonly<Record<string, unknown>>): { serviceOfferingDetails?: Record<string, string> } {
  const bounds = Object.entries(columns).filter(([, bound]) => typeof bound === 'number');
  if (bounds.length === 0) return {};
  return { serviceOfferingDetails: Object.fromEntries(bounds.map(([name, bound]) => [name, String(bound)])) };
}

/** Service offerings: sizes of machines. */
export const serviceOfferings = defineList({
  command: listServiceOfferings,
  resource: 'service-offering',
  table: 'service_offering',
  where: 'NOT b.removed',
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    cpuNumber: 'b.cpu_count',
    cpuSpeed: 'b.cpu_mhz',
    memory: 'b.memory_mib',
    storageType: 'b.storage_type',
    hostTags: 'b.host_tags',
    storageTags: 'b.storage_tags',
    offerHa: 'b.offer_ha',
    haPriority: 'b.ha_priority',
    dynamicScalingEnabled: 'b.dynamic_scaling',
    isCustomized: 'b.cpu_count IS NULL',
    created: 'b.created_at',
  },
  extra: {
    mincpunumber: 'b.min_cpu_count',
    maxcpunumber: 'b.max_cpu_count',
    minmemory: 'b.min_memory_mib',
    maxmemory: 'b.max_memory_mib',
  },
  map: ({ mincpunumber, maxcpunumber, minmemory, maxmemory }) => ({
    ...boundsOf({ mincpunumber, maxcpunumber, minmemory, maxmemory }),
    limitCpuUse: false,
    isSystem: false,
    isVolatile: false,
    defaultUse: false,
    provisioningType: 'thin',
    state: 'Active',
  }),
  filters: {
    name: 'b.name',
    cpuNumber: 'b.cpu_count',
    cpuSpeed: 'b.cpu_mhz',
    memory: 'b.memory_mib',
    virtualMachineId: (id, viewer) =>
      // Another size of the same offering is a change, too.
      sql`b.id <> (SELECT IF(o.cpu_count IS NULL, '', o.id) FROM virtual_machine v JOIN service_offering o ON o.id = v.service_offering_id WHERE v.id = ${id} AND ${scopeCondition(MACHINES, viewer, {}, true)})`,
    isSystem: (wanted) => (wanted ? NOTHING : undefined),
    storageType: 'b.storage_type',
    zoneId: 'accepted',
    state: 'accepted',
  },
  keyword: ['b.name', 'b.display_text'],
});
