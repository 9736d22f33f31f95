import { listTrafficTypes } from '@durastack/contracts/network/list-traffic-types';
import { defineList } from '../engine/define-list.js';

/** Kinds of traffic of a physical network. */
export const trafficTypes = defineList({
  command: listTrafficTypes,
  table: 'traffic_type',
  columns: {
    id: 'b.id',
    physicalNetworkId: 'b.physical_network_id',
    trafficType: 'b.traffic_type',
    kvmNetworkLabel: 'b.kvm_network_label',
    vmwareNetworkLabel: 'b.vmware_network_label',
    xenNetworkLabel: 'b.xen_network_label',
    hypervNetworkLabel: 'b.hyperv_network_label',
    ovm3NetworkLabel: 'b.ovm3_network_label',
  },
  filters: { physicalNetworkId: 'b.physical_network_id' },
  keyword: ['b.traffic_type'],
});
