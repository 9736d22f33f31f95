import { DurastackError } from '@durastack/contracts/errors';
import { MAX_PAGE_SIZE } from '@durastack/contracts/list-params';
import type { ResultOf } from '@durastack/contracts/command';
import type { DataSource } from 'typeorm';
import { eachRow } from '../../database/each-row.js';
import { autocommit, type Tx } from '../../database/transaction.js';
import type { Caller } from '../../identity/caller.js';
import { notFound } from '../../identity/access.js';
import type { ListCommand, ListView } from './define-list.js';
import { countQuery, EVERYTHING, pageQuery, parentsOf, rowsOf, type Part, type Statement } from './page-sql.js';
import { LongLists } from './long-lists.js';
import { fieldsBelow, readChildren } from './children.js';
import { rowMapper, selectList } from './rows.js';
import { readFewProjects, type ScopeParams } from './scope.js';

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

/** What is known when the last item of a page was read. */
export interface RestOfPage {
  /** What lies below an item, and what is computed from that; by the item's place. */
  readonly below: (index: number) => Row;
  /** The total. */
  readonly count: number;
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
  const { toItem } = prepared(view);
  const hidden = hiddenFrom(view, viewer);
  const [ids, whole]: [string[], Record<string, unknown>[]] = [[], []];
  const onItem = ({ row, computed }: RawItem) => {
    // Filled in place: a copy of each of hundreds of wide items is what a page would spend most of its time on.
    const item = Object.assign(toItem(row), computed);
    for (const field of hidden) delete item[field];
    whole.push(item);
    ids.push(String(row['id']));
  };
  const { below, count } = await readItems(allAtOnce(tx), view, viewer, { part, onItem });
  for (const [index, item] of whole.entries()) Object.assign(item, below(index));
  const found = whole as ResultOf<C>[];
  if (!('limit' in request.page)) return { items: found, count };
  const { limit } = request.page;
  const next = found.length > limit ? ids[limit - 1] : undefined;
  return { items: found.slice(0, limit), ...(next === undefined ? {} : { next }) };
}

/** Fields of a view that a viewer does not see. */
export function hiddenFrom(view: ListView, viewer: Caller): ReadonlySet<string> {
  return new Set(viewer.role === 'admin' ? [] : view.rootOnly);
}

/**
 * As {@link runList}, for a page with a number whose items are written out as they come. Children, which come last, are
 * given when it ends.
 */
export async function readRawList(
  source: DataSource,
  view: ListView,
  viewer: Caller,
  request: ListRequest & { readonly onItem: (item: RawItem) => void },
): Promise<RestOfPage> {
  const tx = autocommit(source);
  const each: Reader['each'] = ({ text, values }, onRow) => eachRow(source, text, values, onRow);
  const part = await partOf(tx, view, viewer, request);
  return readItems({ tx, each }, view, viewer, { part, onItem: request.onItem });
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

interface Reader {
  readonly tx: Tx;
  /** Reads a page's rows. */
  each(statement: Statement, onRow: (row: Row) => void): Promise<void>;
}

function allAtOnce(tx: Tx): Reader {
  return {
    tx,
    each: async (statement, onRow) => {
      for (const row of await tx.query<Row>(statement.text, statement.values)) onRow(row);
    },
  };
}

interface Reading {
  readonly part: ListPart;
  readonly onItem: (item: RawItem) => void;
}

async function readItems(
  { tx, each }: Reader,
  view: ListView,
  viewer: Caller,
  { part, onItem }: Reading,
): Promise<RestOfPage> {
  const ids: string[] = [];
  const reading = each(pageQuery(view, part, prepared(view).select), (row) => {
    ids.push(String(row['id']));
    onItem({ row, computed: view.map?.(row, viewer) });
  });
  const counting = countsEarly(view, part) ? count(tx, view, part) : undefined;
  // Of everything, children are found without the ids.
  const early = part.limit === EVERYTHING ? readChildren(tx, view, parentsOf(view, part, undefined)) : undefined;
  // Awaited below; it is no error of nobody's when the rows fail first.
  for (const awaited of [counting, early]) awaited?.catch(() => undefined);
  await reading;
  const [children, total] = await Promise.all([
    early ?? (ids.length > 0 ? readChildren(tx, view, parentsOf(view, part, ids)) : []),
    totalOf(tx, view, part, { rows: ids.length, counting }),
  ]);
  const below = fieldsBelow(view, children);
  return { below: (index) => below(ids[index] ?? ''), count: total };
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
  const [counted] = await tx.query<Row>(query.text, query.values);
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

interface Prepared {
  readonly select: string;
  readonly toItem: (row: Row) => Record<string, unknown>;
}

const cache = new WeakMap<object, Prepared>();

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
