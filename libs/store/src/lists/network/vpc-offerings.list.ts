import { listVPCOfferings } from '@durastack/contracts/network/list-vpc-offerings';
import { vpcServiceNameOf } from '@durastack/contracts/network/vpc-offerings';
import { serviceList } from '../../network/service-list.js';
import { whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { offersAll } from './offered-services.js';

/** VPC offerings. */
export const vpcOfferings = defineList({
  command: listVPCOfferings,
  resource: 'vpc-offering',
  table: 'vpc_offering',
  where: "b.live_key = ''",
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    state: 'b.state',
    isDefault: 'b.is_default',
    created: 'b.created_at',
  },
  extra: { services: 'b.services_json' },
  map: ({ services }) => ({
    distributedVpcRouter: false,
    supportsRegionLevelVpc: false,
    service: serviceList(services),
  }),
  filters: {
    name: 'b.name',
    displayText: 'b.display_text',
    state: 'b.state',
    isDefault: whether('b.is_default'),
    supportedServices: (names) => offersAll(names, vpcServiceNameOf),
    zoneId: 'accepted',
  },
  keyword: ['b.name', 'b.display_text'],
});
