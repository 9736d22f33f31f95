import { listDedicatedPods } from '@durastack/contracts/infra/list-dedicated-pods';
import { defineList } from '../engine/define-list.js';
import { DEDICATION_COLUMNS, DEDICATION_FILTERS } from './dedication-columns.js';

/** Dedicated pods. */
export const dedicatedPods = defineList({
  command: listDedicatedPods,
  table: 'dedication',
  joins: ['LEFT JOIN pod place ON place.id = b.resource_id'],
  where: "b.resource_type = 'pod'",
  columns: { ...DEDICATION_COLUMNS, podId: 'b.resource_id', podName: 'place.name' },
  filters: { ...DEDICATION_FILTERS, podId: 'b.resource_id' },
});
