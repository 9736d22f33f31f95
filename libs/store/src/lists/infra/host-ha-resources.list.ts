import { listHostHAResources } from '@durastack/contracts/infra/list-host-ha-resources';
import { defineList } from '../engine/define-list.js';
import { hostHaState } from './host-ha-columns.js';

/** How HA stands with hosts. */
export const hostHaResources = defineList({
  command: listHostHAResources,
  table: 'host_ha',
  joins: [
    'LEFT JOIN host_ha ha ON ha.id = b.id',
    'LEFT JOIN host h ON h.id = b.id',
    'LEFT JOIN cluster c ON c.id = h.cluster_id',
    'LEFT JOIN zone z ON z.id = h.zone_id',
  ],
  where: "EXISTS (SELECT 1 FROM host x WHERE x.id = b.id AND x.state <> 'Removed')",
  columns: {
    hostId: 'b.id',
    hostName: 'h.name',
    haEnable: 'b.enabled = 1 AND c.ha_disabled = 0 AND z.ha_disabled = 0',
    haState: hostHaState('h'),
    haProvider: 'b.provider',
    haReason: 'b.reason',
    haSince: 'b.since',
  },
  filters: { hostId: 'b.id' },
});
