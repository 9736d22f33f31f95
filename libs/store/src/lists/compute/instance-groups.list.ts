import { listInstanceGroups } from '@durastack/contracts/compute/list-instance-groups';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';

/** Groups of machines. */
export const instanceGroups = defineList({
  command: listInstanceGroups,
  table: 'instance_group',
  joins: OWNER_JOINS,
  scope: OWNED,
  columns: { id: 'b.id', name: 'b.name', ...OWNER_COLUMNS, created: 'b.created_at' },
  filters: { name: 'b.name' },
  keyword: ['b.name'],
});
