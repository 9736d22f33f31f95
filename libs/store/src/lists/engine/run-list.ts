import { DurastackError } from '@durastack/contracts/errors';
import { MAX_PAGE_SIZE } from '@durastack/contracts/list-params';
import type { ResultOf } from '@durastack/contracts/command';
import type { Tx } from '../../database/transaction.js';
import type { Caller } from '../../identity/caller.js';
import { notFound } from '../../identity/access.js';
import type { Child, ListCommand, ListView } from './define-list.js';
import { itemShape, rowMapper } from './rows.js';
import { scopeCondition, type ScopeParams } from './scope.js';
import { join, likePattern, raw, sql, type Sql } from './sql.js';
import { tagsChild, tagsCondition } from './tags.js';

/** A page of a list. `count` is the total, whatever the page; absent when it was not asked for. */
export interface ListPage<R> {
  readonly count?: number;
  readonly items: readonly R[];
  /** For cursor paging: the id to go on after; absent on the last page. */
  readonly next?: string;
}

/** Which part of a list. */
export type PageRequest =
  { readonly page: number; readonly pageSize: number } | { readonly after?: string; readonly limit: number };

type Params = Readonly<Record<string, unknown>>;

/**
 * Reads a page: one query for the rows, one for the total, and one for each kind of child.
 *
 * @param params validated parameters of the view's command
 * @throws DurastackError INVALID_INPUT for a page size over {@link MAX_PAGE_SIZE}
 */
export async function runList<C extends ListCommand>(
  tx: Tx,
  view: ListView<C>,
  viewer: Caller,
  request: { readonly params: Params; readonly page: PageRequest },
): Promise<ListPage<ResultOf<C>>> {
  const { params, page } = request;
  const narrowing = conditions(view, viewer, params).filter(({ text }) => text !== 'TRUE');
  const condition = join([...(view.where ? [raw(view.where)] : []), ...narrowing], ' AND ');
  const isWhole = narrowing.every(({ isBroad }) => isBroad === true);
  const descending = view.newestFirst === true;
  if ('limit' in page) {
    const after = page.after === undefined ? raw('TRUE') : sql`b.id ${raw(descending ? '<' : '>')} ${page.after}`;
    const where = join([condition, after], ' AND ');
    const read = await readRows(tx, view, viewer, { where, isWhole, limit: page.limit + 1, offset: 0 });
    const items = await complete(tx, view, read);
    const { ids } = read;
    const next = items.length > page.limit ? ids[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), ...(next === undefined ? {} : { next }) };
  }
  const offset = (page.page - 1) * page.pageSize;
  const part = { where: condition, isWhole, limit: page.pageSize, offset };
  const read = await readRows(tx, view, viewer, part);
  const [items, count] = await Promise.all([complete(tx, view, read), countAll(tx, view, part, read.ids.length)]);
  return { items, count };
}

/** The total: known already when the page is the last one; else counted. */
async function countAll(tx: Tx, { table }: ListView, { where, limit, offset }: Part, rows: number): Promise<number> {
  if (rows < limit && (rows > 0 || offset === 0)) return offset + rows;
  const counted = await tx.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM \`${table}\` b WHERE ${where.text}`,
    where.values,
  );
  return Number(counted[0]?.n ?? 0);
}

/**
 * One object through its list view.
 *
 * @throws DurastackError NOT_FOUND, also when the viewer may not see it
 */
export async function readOne<C extends ListCommand>(
  tx: Tx,
  view: ListView<C>,
  viewer: Caller,
  id: string,
): Promise<ResultOf<C>> {
  const page = await runList(tx, view, viewer, { params: { id }, page: { limit: 1 } });
  const item = page.items[0];
  if (item === undefined) throw notFound('id', id);
  return item;
}

/** The paging of a CloudStack call: page 0 or none is the first, a page size of none or -1 the greatest. */
export function offsetPage(params: Params): { page: number; pageSize: number } {
  const size = Number(params['pageSize'] ?? -1);
  if (size > MAX_PAGE_SIZE || size < -1 || size === 0) {
    throw new DurastackError('INVALID_INPUT', `The page size ${size} is out of range; ask for 1 to ${MAX_PAGE_SIZE}.`);
  }
  return { page: Math.max(1, Number(params['page'] ?? 1)), pageSize: size === -1 ? MAX_PAGE_SIZE : size };
}

function conditions(view: ListView, viewer: Caller, params: Params): Sql[] {
  const ids = [params['id'], ...((params['ids'] as string[] | undefined) ?? [])].filter((id) => id !== undefined);
  const found: Sql[] = [];
  if (view.scope) found.push(scopeCondition(view.scope, viewer, params as ScopeParams, ids.length > 0));
  if (params['id'] !== undefined) found.push(sql`b.id = ${params['id']}`);
  if (params['ids'] !== undefined) found.push(ids.length > 0 ? sql`b.id IN (${ids})` : raw('FALSE'));
  const keyword = params['keyword'];
  if (typeof keyword === 'string' && keyword !== '' && view.keyword) {
    const pattern = likePattern(keyword);
    found.push(
      join(
        view.keyword.map((column) => sql`${raw(column)} LIKE ${pattern}`),
        ' OR ',
      ),
    );
  }
  if (params['tags'] !== undefined && view.tagged)
    found.push(...tagsCondition(view.tagged, params['tags'] as Record<string, string>));
  for (const [name, filter] of Object.entries(view.filters)) {
    const value = params[name];
    if (value === undefined || filter === 'accepted') continue;
    const part = typeof filter === 'string' ? sql`${raw(filter)} = ${value}` : filter(value as never, viewer);
    if (part) found.push(part);
  }
  for (const [name, condition] of Object.entries(view.without ?? {}))
    if (params[name] === undefined && ids.length === 0) found.push(raw(condition));
  return found;
}

/** What is read of a view's table. */
interface Part {
  readonly where: Sql;
  /** Nothing but the view's own condition narrows it, or what leaves out next to none. */
  readonly isWhole: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** The items of a page, still without children. */
interface PageRows {
  readonly items: readonly Record<string, unknown>[];
  readonly ids: readonly string[];
  readonly isWhole: boolean;
}

async function readRows(tx: Tx, view: ListView, viewer: Caller, part: Part): Promise<PageRows> {
  const { toItem } = prepared(view);
  const rows = await tx.query(pageQuery(view, part), [...part.where.values, part.limit, part.offset]);
  // Filled in place: a copy of each of hundreds of wide items is what a page would spend most of its time on.
  const items = rows.map((row) => Object.assign(toItem(row), view.map?.(row, viewer)));
  if (viewer.role !== 'admin') for (const field of view.rootOnly ?? []) for (const item of items) delete item[field];
  return { items, ids: rows.map((row) => String(row['id'])), isWhole: part.isWhole };
}

async function complete<C extends ListCommand>(tx: Tx, view: ListView<C>, read: PageRows): Promise<ResultOf<C>[]> {
  if (read.items.length > 0) await addChildren(tx, view, read);
  if (view.finish) for (const item of read.items) Object.assign(item, view.finish(item));
  return read.items as ResultOf<C>[];
}

/** Takes the condition's values, the limit and the offset. */
function pageQuery(view: ListView, { where, isWhole, offset }: Part): string {
  const { select } = prepared(view);
  const order = view.newestFirst ? 'b.id DESC' : 'b.id';
  const joins = (view.joins ?? []).join(' ');
  // Where nothing narrows, the optimiser would sort the whole of an index on `state` instead of walking the key.
  const hint = isWhole ? 'FORCE INDEX (PRIMARY)' : '';
  const table = `\`${view.table}\` b`;
  if (isWhole && offset === 0)
    return `SELECT ${select} FROM ${table} ${hint} ${joins} WHERE ${where.text} ORDER BY ${order} LIMIT ? OFFSET ?`;
  // The inner query finds the ids of the page in an index; rows and joins are read for these alone.
  return `SELECT ${select} FROM (SELECT b.id FROM ${table} ${hint} WHERE ${where.text} ORDER BY ${order} LIMIT ? OFFSET ?) p
    JOIN ${table} ON b.id = p.id ${joins} ORDER BY ${order}`;
}

async function addChildren(tx: Tx, view: ListView, { items, ids, isWhole }: PageRows): Promise<void> {
  const byId = new Map(items.map((item, index) => [ids[index], item]));
  const children = [...(view.children ?? []), ...(view.tagged ? [tagsChild(view.tagged)] : [])];
  // A page of all rows leaves out next to none between its first and its last: one range instead of hundreds of keys.
  const [first, last] = view.newestFirst ? [ids.at(-1), ids[0]] : [ids[0], ids.at(-1)];
  const parents = isWhole ? sql`BETWEEN ${first} AND ${last}` : sql`IN (${ids})`;
  await Promise.all(
    children.map(async (child) => {
      for (const item of items) item[child.field] = [];
      const { select, toItem } = preparedChild(view, child);
      const found = await tx.query(
        `SELECT ${select}, ${child.parent} AS parent_id FROM ${child.from} WHERE ${child.parent} ${parents.text} ${child.where ? `AND ${child.where}` : ''} ORDER BY ${child.order}`,
        parents.values,
      );
      for (const row of found) {
        const list = byId.get(String(row['parent_id']))?.[child.field] as unknown[] | undefined;
        list?.push(Object.assign(toItem(row), child.map?.(row, list.length)));
      }
    }),
  );
}

interface Prepared {
  readonly select: string;
  readonly toItem: (row: Record<string, unknown>) => Record<string, unknown>;
}

const cache = new WeakMap<object, Prepared>();

function selectList(columns: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(columns)
    .map(([field, expression]) => `${expression} AS \`${field}\``)
    .join(', ');
}

function prepared(view: ListView): Prepared {
  const known = cache.get(view);
  if (known) return known;
  const made = {
    select: selectList({ ...view.columns, ...view.extra }),
    toItem: rowMapper(view.command.result.shape as never, Object.keys(view.columns)),
  };
  cache.set(view, made);
  return made;
}

function preparedChild(view: ListView, child: Child): Prepared {
  const known = cache.get(child);
  if (known) return known;
  const shape = itemShape((view.command.result.shape as Record<string, never>)[child.field]);
  const fields = Object.keys(child.columns).filter((field) => field in shape);
  const made = { select: selectList(child.columns), toItem: rowMapper(shape, fields) };
  cache.set(child, made);
  return made;
}
