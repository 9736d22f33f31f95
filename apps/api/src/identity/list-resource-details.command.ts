import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import {
  DETAILED_TYPES,
  describedTypeName,
  isOwnedType,
  type DescribedType,
} from '@durastack/contracts/identity/described-resources';
import { listResourceDetails } from '@durastack/contracts/identity/list-resource-details';
import { autocommit } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { liveSql } from '@durastack/store/identity/described';
import type { ListPage } from '@durastack/store/lists/engine/run-list';
import { scopeCondition } from '@durastack/store/lists/engine/scope';
import { join, likePattern, raw, sql, type Sql } from '@durastack/store/lists/engine/sql';
import { tableOf } from '@durastack/store/operations/state-rows';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { positionOf } from '../face/position-of.js';
import { Platform } from '../platform.js';
import { requireDescribedType } from './described.js';

type Params = ParamsOf<typeof listResourceDetails>;
type Detail = ResultOf<typeof listResourceDetails>;
type Row = Readonly<Record<'id' | 'name' | 'value', string>> & Readonly<Record<string, string | null>>;

const SCOPE = { account: 'x.account_id', domain: 'x.domain_id' };
const OWNERS = `LEFT JOIN account a ON a.id = x.account_id LEFT JOIN domain o ON o.id = x.domain_id
  LEFT JOIN project p ON p.account_id = x.account_id`;
const OWNER_COLUMNS = `, IF(p.id IS NULL, a.name, NULL) AS account, p.id AS projectId, p.name AS project,
  o.id AS domainId, o.name AS domain, o.display_path AS domainPath`;

/** Lists details. They have no id of their own, so the engine does not serve them; the scope is the engine's. */
@Handles(listResourceDetails)
export class ListResourceDetailsHandler implements CommandHandler<typeof listResourceDetails> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<ListPage<Detail>> {
    const type = requireDescribedType(DETAILED_TYPES, { parameter: 'resourcetype', name: params.resourceType });
    const owned = isOwnedType(type);
    const tx = autocommit(this.platform.database);
    const where = conditionOf(call.caller, type, params);
    const { limit, offset } = positionOf(call);
    const from = `FROM resource_detail b JOIN ${tableOf(type)} x ON x.id = b.resource_id`;
    const rows = await tx.query<Row>(
      `SELECT b.resource_id AS id, b.name, b.value ${owned ? OWNER_COLUMNS : ''} ${from} ${owned ? OWNERS : ''}
        WHERE ${where.text} ORDER BY b.resource_id, b.name LIMIT ? OFFSET ?`,
      [...where.values, limit + 1, offset],
    );
    const items = rows.slice(0, limit).map((row) => toDetail(type, row));
    if (call.page && 'limit' in call.page)
      return { items, ...(rows.length > limit ? { next: String(offset + limit) } : {}) };
    const counted = await tx.query<{ n: number }>(`SELECT COUNT(*) AS n ${from} WHERE ${where.text}`, where.values);
    return { items, count: Number(counted[0]?.n) };
  }
}

function conditionOf(caller: Caller, type: DescribedType, params: Params): Sql {
  const { resourceId, key, value, keyword, forDisplay } = params;
  const found = [sql`b.resource_type = ${type}`, raw(liveSql(type)), seenBy(caller, type, params)];
  if (resourceId !== undefined) found.push(sql`b.resource_id = ${resourceId}`);
  if (key !== undefined) found.push(sql`b.name = ${key}`);
  if (value !== undefined) found.push(sql`b.value = ${value}`);
  if (keyword) found.push(sql`b.name LIKE ${likePattern(keyword)}`);
  if (forDisplay !== undefined) found.push(raw(forDisplay ? 'b.for_display' : 'NOT b.for_display'));
  return join(found, ' AND ');
}

function seenBy(caller: Caller, type: DescribedType, params: Params): Sql {
  const isRoot = caller.role === 'admin';
  if (!isOwnedType(type)) return raw(isRoot ? 'TRUE' : 'FALSE');
  const own = scopeCondition(SCOPE, caller, params, params.resourceId !== undefined);
  return isRoot ? own : sql`b.for_display AND (${own})`;
}

function toDetail(type: DescribedType, { id, name, value, ...owner }: Row): Detail {
  const known = Object.fromEntries(Object.entries(owner).filter(([, text]) => text !== null));
  return { key: name, value, resourceType: describedTypeName(DETAILED_TYPES, type), resourceId: id, ...known };
}
