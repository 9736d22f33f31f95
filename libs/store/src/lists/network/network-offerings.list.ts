import { listNetworkOfferings } from '@durastack/contracts/network/list-network-offerings';
import { serviceNameOf } from '@durastack/contracts/network/network-offerings';
import { serviceList } from '../../network/service-list.js';
import { NOTHING, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { scopeCondition } from '../engine/scope.js';
import { sql } from '../engine/sql.js';
import { offersAll } from './offered-services.js';

const NETWORKS = { account: 'n.account_id', domain: 'n.domain_id' };
const HAS_TAGS = "COALESCE(b.tags, '') <> ''";

/** Network offerings. */
export const networkOfferings = defineList({
  command: listNetworkOfferings,
  resource: 'network-offering',
  table: 'network_offering',
  where: "b.live_key = ''",
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    guestIpType: 'b.guest_ip_type',
    state: 'b.state',
    availability: 'b.availability',
    isDefault: 'b.is_default',
    forVpc: 'b.for_vpc',
    conserveMode: 'b.conserve_mode',
    isPersistent: 'b.is_persistent',
    specifyVlan: 'b.specify_vlan',
    specifyIpRanges: 'b.specify_ip_ranges',
    egressDefaultPolicy: 'b.egress_default_policy',
    networkRate: 'b.network_rate',
    maxConnections: 'b.max_connections',
    tags: 'b.tags',
    created: 'b.created_at',
  },
  extra: { services: 'b.services_json', given: 'b.details_json' },
  map: ({ services, given }) => ({
    trafficType: 'Guest',
    service: serviceList(services),
    ...(typeof given === 'string' ? { details: JSON.parse(given) as Record<string, string> } : {}),
  }),
  filters: {
    name: 'b.name',
    displayText: 'b.display_text',
    guestIpType: 'b.guest_ip_type',
    trafficType: (type) => (type.toLowerCase() === 'guest' ? undefined : NOTHING),
    state: 'b.state',
    availability: 'b.availability',
    forVpc: whether('b.for_vpc'),
    isDefault: whether('b.is_default'),
    specifyVlan: whether('b.specify_vlan'),
    specifyIpRanges: whether('b.specify_ip_ranges'),
    sourceNatSupported: whether(`b.services_json LIKE '%"name":"SourceNat"%'`),
    supportedServices: (names) => offersAll(names, serviceNameOf),
    isTagged: whether(HAS_TAGS),
    zoneId: 'accepted',
    networkId: (id, viewer) =>
      sql`b.guest_ip_type = (SELECT n.kind FROM network n WHERE n.id = ${id} AND n.state <> 'Removed'
        AND (n.acl = 'all' OR ${scopeCondition(NETWORKS, viewer, {}, true)}))`,
  },
  keyword: ['b.name', 'b.display_text'],
});
