import { listAlerts } from '@durastack/contracts/operations/list-alerts';
import { defineList } from '../engine/define-list.js';
import { sql } from '../engine/sql.js';

/** Alerts that were not archived, newest first. */
export const alerts = defineList({
  command: listAlerts,
  table: 'alert',
  where: 'b.archived = 0',
  newestFirst: true,
  isLog: true,
  columns: { id: 'b.id', type: 'b.type', name: 'b.name', description: 'b.description', sent: 'b.created_at' },
  filters: { name: 'b.name', type: (type) => sql`b.type = ${type}` },
  keyword: ['b.name', 'b.description'],
});
