import { ANNOTATED_TYPES, describedTypeName, describedTypeOf } from '@durastack/contracts/identity/described-resources';
import { listAnnotations } from '@durastack/contracts/identity/list-annotations';
import { describedNameSql } from '../../identity/described.js';
import { defineList } from '../engine/define-list.js';
import { visibleTo } from '../engine/scope.js';
import { sql } from '../engine/sql.js';

const NAME = describedNameSql('b.resource_type', 'b.resource_id');

/** What is for root administrators alone belongs to nobody else. */
const OPEN = {
  account: 'IF(b.admins_only, NULL, b.account_id)',
  domain: 'IF(b.admins_only, NULL, b.domain_id)',
} as const;

/** Comments on things, oldest first. */
export const annotations = defineList({
  command: listAnnotations,
  table: 'annotation',
  joins: ['LEFT JOIN user u ON u.id = b.user_id'],
  where: `${NAME} IS NOT NULL`,
  scope: { ...OPEN, shared: (viewer) => visibleTo(OPEN, viewer) },
  columns: {
    id: 'b.id',
    entityId: 'b.resource_id',
    entityName: NAME,
    annotation: 'b.text',
    userId: 'b.user_id',
    username: 'u.username',
    adminsOnly: 'b.admins_only',
    created: 'b.created_at',
  },
  extra: { kind: 'b.resource_type' },
  map: ({ kind }) => ({ entityType: describedTypeName(ANNOTATED_TYPES, String(kind)) }),
  filters: {
    entityType: (name) => sql`b.resource_type = ${describedTypeOf(ANNOTATED_TYPES, name) ?? name}`,
    entityId: 'b.resource_id',
    userId: 'b.user_id',
    annotationFilter: (whose, viewer) => (whose === 'self' ? sql`b.user_id = ${viewer.userId}` : undefined),
  },
  keyword: ['b.text'],
});
