import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listDomainChildren } from '@durastack/contracts/identity/list-domain-children';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { join, likePattern, sql, type Sql } from '@durastack/store/lists/engine/sql';
import { domains } from '@durastack/store/lists/identity/domains.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Lists the domains below one. */
@Handles(listDomainChildren)
export class ListDomainChildrenHandler implements CommandHandler<typeof listDomainChildren> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof listDomainChildren>,
  ): Promise<ListPage<ResultOf<typeof listDomainChildren>>> {
    const tx = autocommit(this.platform.database);
    const { caller, page = offsetPage(params) } = call;
    const id = params.id ?? caller.domainId;
    const [above] = await tx.query<{ path: string }>('SELECT path FROM domain WHERE id = ? AND NOT removed', [id]);
    if (!above?.path.startsWith(caller.domainPath)) throw notFound('id', id);
    const below = params.isRecursive
      ? sql`path LIKE ${likePattern(above.path, 'prefix')} AND id <> ${id}`
      : sql`parent_id = ${id}`;
    const conditions: Sql[] = [below, sql`NOT removed`];
    if (params.name !== undefined) conditions.push(sql`name = ${params.name}`);
    if (params.keyword) conditions.push(sql`name LIKE ${likePattern(params.keyword)}`);
    const after = 'limit' in page ? page.after : undefined;
    if (after !== undefined) conditions.push(sql`id > ${after}`);
    const where = join(conditions, ' AND ');
    const [limit, offset] = 'limit' in page ? [page.limit + 1, 0] : [page.pageSize, (page.page - 1) * page.pageSize];
    const rows = await tx.query<{ id: string; n: number }>(
      `SELECT id, COUNT(*) OVER () AS n FROM domain WHERE ${where.text} ORDER BY id LIMIT ? OFFSET ?`,
      [...where.values, limit, offset],
    );
    const more = 'limit' in page && rows.length > page.limit;
    const ids = rows.slice(0, more ? -1 : undefined).map((row) => row.id);
    if (ids.length === 0) return { items: [], count: await this.total(where) };
    const found = await runList(tx, domains, caller, { params: { ids }, page: { page: 1, pageSize: ids.length } });
    const next = ids.at(-1);
    return { items: found.items, count: Number(rows[0]?.n), ...(more && next !== undefined ? { next } : {}) };
  }

  /** Of a page behind the last. */
  private async total(where: Sql): Promise<number> {
    const rows = await autocommit(this.platform.database).query<{ n: number }>(
      `SELECT COUNT(*) AS n FROM domain WHERE ${where.text}`,
      where.values,
    );
    return Number(rows[0]?.n);
  }
}
