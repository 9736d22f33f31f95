import { listPublicIpAddresses } from '@durastack/contracts/network/list-public-ip-addresses';
import { NOTHING, OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw, sql } from '../engine/sql.js';

const ALLOCATED = "b.state = 'Allocated'";
const none = (wanted: boolean) => (wanted ? NOTHING : undefined);

/** Public addresses. */
export const publicIpAddresses = defineList({
  command: listPublicIpAddresses,
  resource: 'public-ip',
  table: 'public_ip',
  joins: [
    ...OWNER_JOINS,
    'LEFT JOIN zone z ON z.id = b.zone_id',
    'LEFT JOIN vlan_ip_range r ON r.id = b.range_id',
    'LEFT JOIN network n ON n.id = b.network_id',
  ],
  scope: OWNED,
  columns: {
    id: 'b.id',
    ipAddress: 'b.ip',
    state: 'b.state',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    vlanId: 'b.range_id',
    physicalNetworkId: 'r.physical_network_id',
    vlanName: "CONCAT('vlan://', r.vlan)",
    ...OWNER_COLUMNS,
    associatedNetworkId: 'b.network_id',
    associatedNetworkName: 'n.name',
    allocated: 'b.allocated_at',
  },
  map: () => ({
    ...{ isSourceNat: false, isStaticNat: false, isSystem: false, isPortable: false },
    ...{ forVirtualNetwork: true, forDisplay: true, hasRules: false },
  }),
  without: { allocatedOnly: ALLOCATED },
  filters: {
    zoneId: 'b.zone_id',
    ipAddress: (ip) => sql`b.position = INET_ATON(${ip})`,
    allocatedOnly: (wanted) => (wanted ? raw(ALLOCATED) : undefined),
    state: 'b.state',
    associatedNetworkId: 'b.network_id',
    networkId: 'accepted',
    vlanId: 'b.range_id',
    physicalNetworkId: (id) => sql`b.range_id IN (SELECT id FROM vlan_ip_range WHERE physical_network_id = ${id})`,
    vpcId: () => NOTHING,
    isSourceNat: none,
    isStaticNat: none,
    forLoadBalancing: none,
    forVirtualNetwork: (wanted) => (wanted ? undefined : NOTHING),
    forDisplay: 'accepted',
  },
  keyword: ['b.ip'],
});
