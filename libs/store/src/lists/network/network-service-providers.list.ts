import { listNetworkServiceProviders } from '@durastack/contracts/network/list-network-service-providers';
import { defineList } from '../engine/define-list.js';

/** Who serves networks on physical networks. */
export const networkServiceProviders = defineList({
  command: listNetworkServiceProviders,
  table: 'network_service_provider',
  columns: {
    id: 'b.id',
    name: 'b.name',
    physicalNetworkId: 'b.physical_network_id',
    destinationPhysicalNetworkId: 'b.destination_physical_network_id',
    state: 'b.state',
  },
  extra: { services: 'b.service_list' },
  map: ({ services }) => ({
    serviceList: String(services)
      .split(',')
      .filter((name) => name !== ''),
    canEnableIndividualService: true,
  }),
  filters: { physicalNetworkId: 'b.physical_network_id', name: 'b.name', state: 'b.state' },
  keyword: ['b.name'],
});
