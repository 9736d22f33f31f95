import { listPhysicalNetworks } from '@durastack/contracts/network/list-physical-networks';
import { defineList } from '../engine/define-list.js';

/** Physical networks. */
export const physicalNetworks = defineList({
  command: listPhysicalNetworks,
  table: 'physical_network',
  joins: ['LEFT JOIN zone z ON z.id = b.zone_id'],
  columns: {
    id: 'b.id',
    name: 'b.name',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    domainId: 'b.domain_id',
    state: 'b.state',
    isolationMethods: 'b.isolation_methods',
    broadcastDomainRange: 'b.broadcast_domain_range',
    networkSpeed: 'b.network_speed',
    tags: 'b.tags',
    vlan: 'b.vlan',
  },
  filters: { zoneId: 'b.zone_id', name: 'b.name' },
  keyword: ['b.name'],
});
