import { listNetworks } from '@durastack/contracts/network/list-networks';
import { serviceNameOf } from '@durastack/contracts/network/network-offerings';
import { netmaskOf } from '@durastack/contracts/network/netmask';
import { serviceList } from '../../network/service-list.js';
import { JOB_COLUMNS, NOTHING, OWNED, OWNER_COLUMNS, OWNER_JOINS, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { join, raw, sql, type Sql } from '../engine/sql.js';

/** Networks whose offering has a service. */
function serves(name: string): Sql {
  const known = serviceNameOf(name);
  if (known === undefined) return NOTHING;
  return sql`b.offering_id IN (SELECT o.id FROM network_offering o WHERE o.services_json LIKE ${`%"name":"${known}"%`})`;
}

/** What keeps its frames apart from those of other networks. */
function segmentOf(vlan: unknown, vni: unknown) {
  const segments = [
    ...(vni === null ? [] : [{ broadcastDomainType: 'Vxlan', broadcastUri: `vxlan://${String(vni)}` }]),
    ...(vlan === null ? [] : [{ broadcastDomainType: 'Vlan', broadcastUri: `vlan://${String(vlan)}` }]),
    { broadcastDomainType: 'Native', broadcastUri: 'vlan://untagged' },
  ] as const;
  return segments[0];
}

/** Networks. */
export const networks = defineList({
  command: listNetworks,
  resource: 'network',
  table: 'network',
  joins: [
    ...OWNER_JOINS,
    'LEFT JOIN zone z ON z.id = b.zone_id',
    'LEFT JOIN network_offering o ON o.id = b.offering_id',
  ],
  where: "b.state <> 'Removed'",
  scope: {
    ...OWNED,
    shared: (viewer) =>
      sql`b.acl = 'all' OR (b.acl = 'domain' AND ${viewer.domainPath} LIKE CONCAT((SELECT path FROM domain WHERE id = b.domain_id), '%'))`,
  },
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    ...OWNER_COLUMNS,
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    type: 'b.kind',
    state: 'b.state',
    cidr: "IF(b.kind = 'L2', NULL, b.cidr)",
    gateway: "IF(b.kind = 'L2', NULL, b.gateway)",
    dns1: 'z.dns1',
    dns2: 'z.dns2',
    vlan: 'COALESCE(b.vlan, b.vni)',
    privateMtu: 'b.mtu',
    related: 'b.id',
    created: 'b.created_at',
    networkOfferingId: 'b.offering_id',
    networkOfferingName: 'o.name',
    networkOfferingDisplayText: 'o.display_text',
    networkOfferingAvailability: 'o.availability',
    networkOfferingConserveMode: 'o.conserve_mode',
    isPersistent: 'o.is_persistent',
    specifyIpRanges: 'o.specify_ip_ranges',
    specifyVlan: 'o.specify_vlan',
    canUseForDeploy: "b.state = 'Implemented'",
    ...JOB_COLUMNS,
  },
  extra: { acl: 'b.acl', range: 'b.cidr', tag: 'b.vlan', vni: 'b.vni', services: 'o.services_json' },
  map: ({ acl, range, tag, vni, services, type }) => ({
    trafficType: 'Guest',
    aclType: acl === 'account' ? 'Account' : 'Domain',
    subdomainAccess: acl !== 'account',
    ...(type === 'L2' ? {} : { netmask: netmaskOf(String(range)) }),
    ...segmentOf(tag, vni),
    isSystem: false,
    isDefault: false,
    displayNetwork: true,
    restartRequired: false,
    redundantRouter: false,
    strechedL2Subnet: false,
    service: serviceList(services),
  }),
  filters: {
    name: 'b.name',
    zoneId: 'b.zone_id',
    type: 'b.kind',
    trafficType: (type) => (type.toLowerCase() === 'guest' ? undefined : NOTHING),
    aclType: (type) => raw(type.toLowerCase() === 'account' ? "b.acl = 'account'" : "b.acl <> 'account'"),
    networkOfferingId: 'b.offering_id',
    canUseForDeploy: whether("b.state = 'Implemented'"),
    isSystem: (wanted) => (wanted ? NOTHING : undefined),
    vpcId: () => NOTHING,
    forVpc: (wanted) => (wanted ? NOTHING : undefined),
    physicalNetworkId: 'accepted',
    networkFilter: 'accepted',
    displayNetwork: 'accepted',
    restartRequired: (wanted) => (wanted ? NOTHING : undefined),
    specifyIpRanges: (wanted) =>
      sql`b.offering_id IN (SELECT o.id FROM network_offering o WHERE o.specify_ip_ranges = ${wanted})`,
    supportedServices: (names) => join(names.map(serves), ' AND '),
  },
  keyword: ['b.name', 'b.display_text'],
  tagged: 'network',
  rootOnly: ['vlan', 'broadcastUri'],
});
