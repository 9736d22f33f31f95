import { DurastackError } from '@durastack/contracts/errors';
import { MAX_PAGE_SIZE } from '@durastack/contracts/list-params';
import type { ResultOf } from '@durastack/contracts/command';
import type { Tx } from '../../database/transaction.js';
import type { Caller } from '../../identity/caller.js';
import { notFound } from '../../identity/access.js';
import type { Child, ListCommand, ListView } from './define-list.js';
import {
  childQuery,
  countQuery,
  EVERYTHING,
  pageQuery,
  parentsOf,
  rowsOf,
  type Part,
  type Statement,
} from './page-sql.js';
import { LongLists } from './long-lists.js';
import { detailsChild } from './details.js';
import { itemShape, rowMapper } from './rows.js';
import { readFewProjects, type ScopeParams } from './scope.js';
import { tagsChild } from './tags.js';

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
type Row = Readonly<Record<string, unknown>>;

/** What a list is asked. */
export interface ListRequest {
  /** Validated parameters of the view's command. */
  readonly params: Params;
  readonly page: PageRequest;
}

/** An item as it was read, for whoever writes it out at once. */
export interface RawItem {
  /** Values of the database by field; see `ListView.columns`. */
  readonly row: Row;
  /** Fields of the view that are not columns: computed ones. They go before columns of the same name. */
  readonly computed: Row | undefined;
}

/** A page whose items were not put together yet. */
export interface RawPage {
  readonly items: readonly RawItem[];
  /** Fields that the viewer does not see. */
  readonly hidden: ReadonlySet<string>;
  /** Comes while items are written: children by the item's place, and what is computed from them; and the total. */
  readonly rest: Promise<{ readonly children: readonly Row[]; readonly count: number }>;
}

/**
 * Reads a page: one query for the rows, one for the total, one for each kind of child, and one for whose things are left
 * out; as many for thousands of items as for one.
 *
 * @throws DurastackError INVALID_INPUT for a page size over {@link MAX_PAGE_SIZE}
 */
export async function runList<C extends ListCommand>(
  tx: Tx,
  view: ListView<C>,
  viewer: Caller,
  request: ListRequest,
): Promise<ListPage<ResultOf<C>>> {
  const part = await partOf(tx, view, viewer, request);
  const { items, hidden, rest } = await readRaw(tx, view, viewer, part);
  const { toItem } = prepared(view);
  // Filled in place: a copy of each of hundreds of wide items is what a page would spend most of its time on.
  const whole = items.map(({ row, computed }) => Object.assign(toItem(row), computed));
  for (const field of hidden) for (const item of whole) delete item[field];
  const { children, count } = await rest;
  for (const [index, item] of whole.entries()) Object.assign(item, children[index]);
  const found = whole as ResultOf<C>[];
  if (!('limit' in request.page)) return { items: found, count };
  const { limit } = request.page;
  const next = found.length > limit ? String(items[limit - 1]?.row['id']) : undefined;
  return { items: found.slice(0, limit), ...(next === undefined ? {} : { next }) };
}

/** As {@link runList}, for a page with a number. */
export async function readRawList(tx: Tx, view: ListView, viewer: Caller, request: ListRequest): Promise<RawPage> {
  return readRaw(tx, view, viewer, await partOf(tx, view, viewer, request));
}

async function partOf(tx: Tx, view: ListView, viewer: Caller, { params, page }: ListRequest): Promise<ListPart> {
  const projectAccountIds = await readFewProjects(tx, view.scope, viewer, params as ScopeParams);
  const after = 'limit' in page ? page.after : undefined;
  const rows = rowsOf(view, { viewer, params, projectAccountIds, after });
  if ('limit' in page) return { ...rows, limit: page.limit + 1, offset: 0, counts: false };
  const pageSize = view.isLog === true ? Math.min(page.pageSize, MAX_PAGE_SIZE) : page.pageSize;
  return { ...rows, limit: pageSize, offset: pageSize === EVERYTHING ? 0 : (page.page - 1) * pageSize, counts: true };
}

interface ListPart extends Part {
  /** Whether the total is asked for. */
  readonly counts: boolean;
}

const ask = (tx: Tx, { text, values }: Statement) => tx.query<Row>(text, values);

async function readRaw(tx: Tx, view: ListView, viewer: Caller, part: ListPart): Promise<RawPage> {
  const { select } = prepared(view);
  const reading = ask(tx, pageQuery(view, part, select));
  const counting = countsEarly(view, part) ? count(tx, view, part) : undefined;
  counting?.catch(() => undefined);
  // Of everything, children are found without the ids.
  const early = part.limit === EVERYTHING ? readChildren(tx, view, parentsOf(view, part, undefined)) : undefined;
  // Awaited below; it is no error of nobody's when the rows fail first.
  early?.catch(() => undefined);
  const rows = await reading;
  const ids = rows.map((row) => String(row['id']));
  const children = early ?? (ids.length > 0 ? readChildren(tx, view, parentsOf(view, part, ids)) : Promise.resolve([]));
  const rest = Promise.all([children, totalOf(tx, view, part, { rows: rows.length, counting })]).then(
    ([found, total]) => ({
      children: childrenOf(view, ids, found),
      count: total,
    }),
  );
  rest.catch(() => undefined);
  return {
    items: rows.map((row) => ({ row, computed: view.map?.(row, viewer) })),
    hidden: new Set(viewer.role === 'admin' ? [] : view.rootOnly),
    rest,
  };
}

const longLists = new LongLists();

function countsEarly(view: ListView, part: ListPart): boolean {
  const { counts, limit, offset } = part;
  return counts && limit !== EVERYTHING && longLists.isLikelyBeyond(countQuery(view, part), offset + limit);
}

/** The total: known already when the page is the last one; else counted. */
async function totalOf(
  tx: Tx,
  view: ListView,
  part: ListPart,
  { rows, counting }: { readonly rows: number; readonly counting: Promise<number> | undefined },
): Promise<number> {
  const { limit, offset, counts } = part;
  if (!counts || (rows < limit && (rows > 0 || offset === 0))) return offset + rows;
  return counting ?? count(tx, view, part);
}

async function count(tx: Tx, view: ListView, part: ListPart): Promise<number> {
  const query = countQuery(view, part);
  const [counted] = await ask(tx, query);
  const total = Number(counted?.['n'] ?? 0);
  longLists.note(query, total);
  return total;
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

/**
 * The paging of a CloudStack call: page 0 or none is the first; a page size of -1 is everything, and so is a call that
 * gives neither.
 */
export function offsetPage(params: Params): { page: number; pageSize: number } {
  const page = Number(params['page'] ?? 0);
  const size = Number(params['pageSize'] ?? (page === 0 ? -1 : MAX_PAGE_SIZE));
  if (size > MAX_PAGE_SIZE || size < -1 || size === 0) {
    throw new DurastackError(
      'INVALID_INPUT',
      `The page size ${size} is out of range; ask for 1 to ${MAX_PAGE_SIZE}, or -1 for everything.`,
    );
  }
  return size === -1 ? { page: 1, pageSize: EVERYTHING } : { page: Math.max(1, page), pageSize: size };
}

/** What was found of each kind of child. */
type FoundChildren = readonly { readonly child: Child; readonly rows: readonly Row[] }[];

function kindsOf(view: ListView): readonly Child[] {
  return [
    ...(view.children ?? []),
    ...(view.tagged ? [tagsChild(view.tagged)] : []),
    ...(view.detailed ? [detailsChild(view.detailed)] : []),
  ];
}

function readChildren(tx: Tx, view: ListView, parents: Statement): Promise<FoundChildren> {
  return Promise.all(
    kindsOf(view).map(async (child) => ({
      child,
      rows: await ask(tx, childQuery(child, preparedChild(view, child).select, parents)),
    })),
  );
}

/** Lists of children, and what is computed from them, for each item in order. */
function childrenOf(view: ListView, ids: readonly string[], found: FoundChildren): Row[] {
  const kinds = kindsOf(view);
  if (kinds.length === 0 && !view.finish) return [];
  const items = ids.map((): Record<string, unknown> => {
    const empty: Record<string, unknown> = {};
    for (const { field, isMap } of kinds) empty[field] = isMap ? {} : [];
    return empty;
  });
  const byId = new Map(items.map((item, index) => [ids[index], item]));
  for (const { child, rows } of found) {
    const { toItem } = preparedChild(view, child);
    for (const row of rows) {
      const there = byId.get(String(row['parent_id']))?.[child.field];
      if (child.isMap) Object.assign(there ?? {}, { [String(row['key'])]: row['value'] });
      else addTo(there as unknown[] | undefined, child, { row, toItem });
    }
  }
  if (view.finish) for (const item of items) Object.assign(item, view.finish(item));
  return items;
}

function addTo(
  list: unknown[] | undefined,
  { map }: Child,
  { row, toItem }: { readonly row: Row; readonly toItem: Prepared['toItem'] },
): void {
  list?.push(Object.assign(toItem(row), map?.(row, list.length)));
}

interface Prepared {
  readonly select: string;
  readonly toItem: (row: Row) => Record<string, unknown>;
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
  const shape = child.isMap ? {} : itemShape((view.command.result.shape as Record<string, never>)[child.field]);
  const fields = Object.keys(child.columns).filter((field) => field in shape);
  const made = { select: selectList(child.columns), toItem: rowMapper(shape, fields) };
  cache.set(child, made);
  return made;
}
