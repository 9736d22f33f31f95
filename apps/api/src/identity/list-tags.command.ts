import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listTags } from '@durastack/contracts/identity/list-tags';
import { tagTypeName } from '@durastack/contracts/identity/tagged-resources';
import type { ResourceType } from '@durastack/contracts/resources';
import { autocommit } from '@durastack/store/database/transaction';
import { scopeCondition } from '@durastack/store/lists/engine/scope';
import { join, likePattern, sql, type Sql } from '@durastack/store/lists/engine/sql';
import type { ListPage } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { positionOf } from '../face/position-of.js';
import { Platform } from '../platform.js';
import { requireTagType } from './tagged.js';

type Tag = ResultOf<typeof listTags>;

const SCOPE = { account: 't.account_id', domain: '(SELECT domain_id FROM account WHERE id = t.account_id)' };

/** Lists tags. They have no id of their own, so the engine does not serve them; the scope is the engine's. */
@Handles(listTags)
export class ListTagsHandler implements CommandHandler<typeof listTags> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listTags>): Promise<ListPage<Tag>> {
    const tx = autocommit(this.platform.database);
    const where = join(
      [scopeCondition(SCOPE, call.caller, params, params.resourceId !== undefined), ...filters(params)],
      ' AND ',
    );
    const { limit, offset } = positionOf(call);
    const rows = await tx.query<Record<string, string>>(
      `SELECT t.resource_type, t.resource_id, t.\`key\`, t.value, IF(p.id IS NULL, a.name, NULL) AS account, p.id AS project_id, p.name AS project, d.id AS domain_id, d.name AS domain
         FROM resource_tag t LEFT JOIN account a ON a.id = t.account_id LEFT JOIN domain d ON d.id = a.domain_id
         LEFT JOIN project p ON p.account_id = t.account_id
        WHERE ${where.text} ORDER BY t.resource_type, t.resource_id, t.\`key\` LIMIT ? OFFSET ?`,
      [...where.values, limit + 1, offset],
    );
    const items = rows.slice(0, limit).map(toTag);
    if (call.page && 'limit' in call.page)
      return { items, ...(rows.length > limit ? { next: String(offset + limit) } : {}) };
    const counted = await tx.query<{ n: number }>(
      `SELECT COUNT(*) AS n FROM resource_tag t WHERE ${where.text}`,
      where.values,
    );
    return { items, count: Number(counted[0]?.n) };
  }
}

function filters(params: ParamsOf<typeof listTags>): Sql[] {
  const found: Sql[] = [];
  if (params.key !== undefined) found.push(sql`t.\`key\` = ${params.key}`);
  if (params.value !== undefined) found.push(sql`t.value = ${params.value}`);
  if (params.resourceId !== undefined) found.push(sql`t.resource_id = ${params.resourceId}`);
  if (params.resourceType) found.push(sql`t.resource_type = ${requireTagType(params.resourceType)}`);
  if (params.keyword) found.push(sql`t.\`key\` LIKE ${likePattern(params.keyword)}`);
  return found;
}

function toTag(row: Record<string, string>): Tag {
  return {
    key: row['key'] ?? '',
    value: row['value'] ?? '',
    resourceType: tagTypeName(row['resource_type'] as ResourceType),
    resourceId: row['resource_id'] ?? '',
    ...(row['project_id']
      ? { projectId: row['project_id'], project: row['project'] ?? '' }
      : { account: row['account'] ?? '' }),
    domainId: row['domain_id'] ?? '',
    domain: row['domain'] ?? '',
  };
}
