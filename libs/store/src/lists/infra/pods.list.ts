import { listPods } from '@durastack/contracts/infra/list-pods';
import { defineList } from '../engine/define-list.js';

/** Pods. */
export const pods = defineList({
  command: listPods,
  resource: 'pod',
  table: 'pod',
  joins: ['LEFT JOIN zone z ON z.id = b.zone_id'],
  columns: {
    id: 'b.id',
    name: 'b.name',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    gateway: 'b.gateway',
    netmask: 'b.netmask',
    allocationState: 'b.allocation_state',
  },
  extra: { start: 'b.start_ip', end: 'b.end_ip' },
  map: ({ start, end }) => ({
    ...(typeof start === 'string' ? { startIp: [start] } : {}),
    ...(typeof end === 'string' ? { endIp: [end] } : {}),
  }),
  filters: { name: 'b.name', zoneId: 'b.zone_id', allocationState: 'b.allocation_state' },
  keyword: ['b.name'],
});
