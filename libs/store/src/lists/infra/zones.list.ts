import { listZones } from '@durastack/contracts/infra/list-zones';
import { defineList } from '../engine/define-list.js';
import { raw } from '../engine/sql.js';

/** Zones. */
export const zones = defineList({
  command: listZones,
  resource: 'zone',
  table: 'zone',
  columns: {
    id: 'b.id',
    name: 'b.name',
    allocationState: 'b.allocation_state',
    networkType: 'b.network_type',
    dns1: 'b.dns1',
    dns2: 'b.dns2',
    internalDns1: 'b.internal_dns1',
    zoneToken: 'b.id',
  },
  extra: { vniFirst: 'b.vni_first', vniLast: 'b.vni_last' },
  map: ({ vniFirst, vniLast }) => ({
    ...(vniFirst === null ? {} : { vxlanRange: `${String(vniFirst)}-${String(vniLast)}` }),
    localStorageEnabled: true,
    securityGroupsEnabled: false,
    dhcpProvider: 'HostAgent',
    type: 'Core',
  }),
  filters: {
    name: 'b.name',
    networkType: 'b.network_type',
    available: (available) => (available ? raw("b.allocation_state = 'Enabled'") : undefined),
  },
  keyword: ['b.name'],
  tagged: 'zone',
  rootOnly: ['internalDns1', 'vxlanRange'],
});
