import { listServiceOfferings } from '@durastack/contracts/compute/list-service-offerings';
import { NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { scopeCondition } from '../engine/scope.js';
import { sql } from '../engine/sql.js';

const MACHINES = { account: 'v.account_id', domain: 'v.domain_id' };

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
    created: 'b.created_at',
  },
  map: () => ({
    limitCpuUse: false,
    isCustomized: false,
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
      sql`b.id <> (SELECT v.service_offering_id FROM virtual_machine v WHERE v.id = ${id} AND ${scopeCondition(MACHINES, viewer, {}, true)})`,
    isSystem: (wanted) => (wanted ? NOTHING : undefined),
    storageType: 'b.storage_type',
    zoneId: 'accepted',
    state: 'accepted',
  },
  keyword: ['b.name', 'b.display_text'],
});
