import { listNetworks } from '@durastack/contracts/network/list-networks';
import {
  DEFAULT_SHARED_OFFERING,
  DEFAULT_SHARED_OFFERING_ID,
  SHARED_NETWORK_SERVICES,
  SHARED_VXLAN_OFFERING,
  SHARED_VXLAN_OFFERING_ID,
} from '@durastack/contracts/network/network-offerings';
import { netmaskOf } from '@durastack/contracts/network/netmask';
import { JOB_COLUMNS, NOTHING, OWNED, OWNER_COLUMNS, OWNER_JOINS, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw, sql } from '../engine/sql.js';

const SERVED = new Set(SHARED_NETWORK_SERVICES.map(({ name }) => name.toLowerCase()));

/** What keeps its frames apart from those of other networks, and the offering that follows from that. */
function segmentOf(vlan: unknown, vni: unknown) {
  const offering = vni === null ? DEFAULT_SHARED_OFFERING : SHARED_VXLAN_OFFERING;
  const segments = [
    ...(vni === null ? [] : [{ broadcastDomainType: 'Vxlan', broadcastUri: `vxlan://${String(vni)}` }]),
    ...(vlan === null ? [] : [{ broadcastDomainType: 'Vlan', broadcastUri: `vlan://${String(vlan)}` }]),
    { broadcastDomainType: 'Native', broadcastUri: 'vlan://untagged' },
  ] as const;
  return {
    ...segments[0],
    networkOfferingId: offering.id,
    networkOfferingName: offering.name,
    networkOfferingDisplayText: offering.displayText,
  };
}

/** Networks. */
export const networks = defineList({
  command: listNetworks,
  resource: 'network',
  table: 'network',
  joins: [...OWNER_JOINS, 'LEFT JOIN zone z ON z.id = b.zone_id'],
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
    cidr: 'b.cidr',
    gateway: 'b.gateway',
    dns1: 'z.dns1',
    dns2: 'z.dns2',
    vlan: 'COALESCE(b.vlan, b.vni)',
    privateMtu: 'b.mtu',
    related: 'b.id',
    created: 'b.created_at',
    canUseForDeploy: "b.state = 'Implemented'",
    ...JOB_COLUMNS,
  },
  extra: { acl: 'b.acl', range: 'b.cidr', tag: 'b.vlan', vni: 'b.vni' },
  map: ({ acl, range, tag, vni }) => ({
    trafficType: 'Guest',
    aclType: acl === 'account' ? 'Account' : 'Domain',
    subdomainAccess: acl !== 'account',
    netmask: netmaskOf(String(range)),
    ...segmentOf(tag, vni),
    networkOfferingAvailability: 'Optional',
    networkOfferingConserveMode: true,
    isSystem: false,
    isDefault: false,
    isPersistent: false,
    specifyIpRanges: true,
    specifyVlan: true,
    displayNetwork: true,
    restartRequired: false,
    redundantRouter: false,
    strechedL2Subnet: false,
    service: SHARED_NETWORK_SERVICES,
  }),
  filters: {
    name: 'b.name',
    zoneId: 'b.zone_id',
    type: 'b.kind',
    trafficType: (type) => (type.toLowerCase() === 'guest' ? undefined : NOTHING),
    aclType: (type) => raw(type.toLowerCase() === 'account' ? "b.acl = 'account'" : "b.acl <> 'account'"),
    networkOfferingId: (id) => {
      if (id === SHARED_VXLAN_OFFERING_ID) return raw('b.vni IS NOT NULL');
      return id === DEFAULT_SHARED_OFFERING_ID ? raw('b.vni IS NULL') : NOTHING;
    },
    canUseForDeploy: whether("b.state = 'Implemented'"),
    isSystem: (wanted) => (wanted ? NOTHING : undefined),
    vpcId: () => NOTHING,
    forVpc: (wanted) => (wanted ? NOTHING : undefined),
    physicalNetworkId: 'accepted',
    networkFilter: 'accepted',
    displayNetwork: 'accepted',
    restartRequired: (wanted) => (wanted ? NOTHING : undefined),
    specifyIpRanges: (wanted) => (wanted ? undefined : NOTHING),
    supportedServices: (services) => (services.every((name) => SERVED.has(name.toLowerCase())) ? undefined : NOTHING),
  },
  keyword: ['b.name', 'b.display_text'],
  tagged: 'network',
  rootOnly: ['vlan', 'broadcastUri'],
});
