import { listVlanIpRanges } from '@durastack/contracts/network/list-vlan-ip-ranges';
import { NOTHING, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { sql } from '../engine/sql.js';

/** Ranges of public addresses. */
export const vlanIpRanges = defineList({
  command: listVlanIpRanges,
  resource: 'vlan-ip-range',
  table: 'vlan_ip_range',
  joins: OWNER_JOINS,
  columns: {
    id: 'b.id',
    zoneId: 'b.zone_id',
    physicalNetworkId: 'b.physical_network_id',
    vlan: "CONCAT('vlan://', b.vlan)",
    gateway: 'b.gateway',
    netmask: 'b.netmask',
    cidr: "CONCAT(INET_NTOA(INET_ATON(b.gateway) & INET_ATON(b.netmask)), '/', BIT_COUNT(INET_ATON(b.netmask)))",
    startIp: 'b.start_ip',
    endIp: 'b.end_ip',
    account: OWNER_COLUMNS.account,
    projectId: OWNER_COLUMNS.projectId,
    project: OWNER_COLUMNS.project,
    domainId: OWNER_COLUMNS.domainId,
    domain: OWNER_COLUMNS.domain,
  },
  map: () => ({ forVirtualNetwork: true }),
  filters: {
    zoneId: 'b.zone_id',
    physicalNetworkId: 'b.physical_network_id',
    vlan: (vlan) => sql`b.vlan = ${vlan.toLowerCase().replace(/^vlan:\/\//, '')}`,
    forVirtualNetwork: (wanted) => (wanted ? undefined : NOTHING),
    networkId: () => NOTHING,
  },
  keyword: ['b.start_ip', 'b.end_ip'],
});
