import { listNetworks } from '@durastack/contracts/network/list-networks';
import {
  DEFAULT_SHARED_OFFERING,
  DEFAULT_SHARED_OFFERING_ID,
  SHARED_NETWORK_SERVICES,
} from '@durastack/contracts/network/network-offerings';
import { netmaskOf } from '@durastack/contracts/network/netmask';
import { JOB_COLUMNS, NOTHING, OWNED, OWNER_COLUMNS, OWNER_JOINS, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { raw, sql } from '../engine/sql.js';

const SERVED = new Set(SHARED_NETWORK_SERVICES.map(({ name }) => name.toLowerCase()));

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
    vlan: 'b.vlan',
    related: 'b.id',
    created: 'b.created_at',
    canUseForDeploy: "b.state = 'Implemented'",
    ...JOB_COLUMNS,
  },
  extra: { acl: 'b.acl', range: 'b.cidr', tag: 'b.vlan' },
  map: ({ acl, range, tag }) => ({
    trafficType: 'Guest',
    aclType: acl === 'account' ? 'Account' : 'Domain',
    subdomainAccess: acl !== 'account',
    netmask: netmaskOf(String(range)),
    broadcastDomainType: tag === null ? 'Native' : 'Vlan',
    broadcastUri: `vlan://${tag === null ? 'untagged' : String(tag as number)}`,
    networkOfferingId: DEFAULT_SHARED_OFFERING_ID,
    networkOfferingName: DEFAULT_SHARED_OFFERING.name,
    networkOfferingDisplayText: DEFAULT_SHARED_OFFERING.displayText,
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
    networkOfferingId: (id) => (id === DEFAULT_SHARED_OFFERING_ID ? undefined : NOTHING),
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
