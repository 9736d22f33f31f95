import { listDedicatedZones } from '@durastack/contracts/infra/list-dedicated-zones';
import { defineList } from '../engine/define-list.js';
import { DEDICATION_COLUMNS, DEDICATION_FILTERS } from './dedication-columns.js';

/** Dedicated zones. */
export const dedicatedZones = defineList({
  command: listDedicatedZones,
  table: 'dedication',
  joins: ['LEFT JOIN zone place ON place.id = b.resource_id'],
  where: "b.resource_type = 'zone'",
  columns: { ...DEDICATION_COLUMNS, zoneId: 'b.resource_id', zoneName: 'place.name' },
  filters: { ...DEDICATION_FILTERS, zoneId: 'b.resource_id' },
});
