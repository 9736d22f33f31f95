import { tagTypeName, tagTypeOf } from '@durastack/contracts/identity/tagged-resources';
import { listEvents } from '@durastack/contracts/operations/list-events';
import type { ResourceType } from '@durastack/contracts/resources';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { moment } from '../engine/moment.js';
import { sql } from '../engine/sql.js';

/** Events, newest first. */
export const events = defineList({
  command: listEvents,
  table: 'event',
  joins: [...OWNER_JOINS, 'LEFT JOIN user u ON u.id = b.user_id'],
  scope: OWNED,
  newestFirst: true,
  isLog: true,
  columns: {
    id: 'b.id',
    type: 'b.type',
    level: 'b.level',
    state: 'b.state',
    description: 'b.description',
    ...OWNER_COLUMNS,
    username: 'u.username',
    resourceId: 'b.resource_id',
    parentId: 'b.operation_id',
    sourceAddress: 'b.source_address',
    archived: 'b.archived',
    created: 'b.created_at',
  },
  extra: { kind: 'b.resource_type' },
  map: ({ kind }) => (typeof kind === 'string' ? { resourceType: tagTypeName(kind as ResourceType) } : {}),
  filters: {
    type: 'b.type',
    level: 'b.level',
    state: 'b.state',
    startDate: (date) => sql`b.created_at >= ${moment(date, 'startdate')}`,
    endDate: (date) => sql`b.created_at <= ${moment(date, 'enddate')}`,
    resourceType: (name) => sql`b.resource_type = ${tagTypeOf(name) ?? name.toLowerCase()}`,
    resourceId: 'b.resource_id',
    startId: (id) => sql`b.operation_id = (SELECT operation_id FROM event WHERE id = ${id})`,
    duration: 'accepted',
    entryTime: 'accepted',
    archived: 'b.archived',
  },
  without: { archived: 'b.archived = 0' },
  keyword: ['b.type', 'b.description'],
});
