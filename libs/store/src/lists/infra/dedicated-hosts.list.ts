import { listDedicatedHosts } from '@durastack/contracts/infra/list-dedicated-hosts';
import { defineList } from '../engine/define-list.js';
import { DEDICATION_COLUMNS, DEDICATION_FILTERS } from './dedication-columns.js';

/** Dedicated hosts. */
export const dedicatedHosts = defineList({
  command: listDedicatedHosts,
  table: 'dedication',
  joins: ['LEFT JOIN host place ON place.id = b.resource_id'],
  where: "b.resource_type = 'host'",
  columns: { ...DEDICATION_COLUMNS, hostId: 'b.resource_id', hostName: 'place.name' },
  filters: { ...DEDICATION_FILTERS, hostId: 'b.resource_id' },
});
