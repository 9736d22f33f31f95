/** The statements of a page. */
import type { Caller } from '../../identity/caller.js';
import type { Child, ListView } from './define-list.js';
import { scopeAlternatives, type ScopeHints, type ScopeParams } from './scope.js';
import { join, likePattern, raw, sql, type Sql } from './sql.js';
import { tagsCondition } from './tags.js';

type Params = Readonly<Record<string, unknown>>;

/** A page of everything there is. */
export const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** What is read of a view's table. */
export interface Part {
  /** Of these conditions one must hold: rows that the caller owns, and rows that others share. */
  readonly branches: readonly Sql[];
  /** Nothing but the view's own condition narrows it, or what leaves out next to none. */
  readonly isWhole: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** A statement with its values. */
export type Statement = Sql;

/** The ids that a call names. */
export function idsOf(params: Params): string[] {
  const ids = [params['id'], ...((params['ids'] as string[] | undefined) ?? [])];
  return ids.filter((id) => id !== undefined) as string[];
}

/** What a call asks for. */
export interface Asked {
  readonly viewer: Caller;
  readonly params: Params;
  readonly projectAccountIds: ScopeHints['projectAccountIds'];
  /** For cursors. */
  readonly after?: string | undefined;
}

/** The rows that a call asks for. */
export function rowsOf(view: ListView, asked: Asked): Pick<Part, 'branches' | 'isWhole'> {
  const { viewer, params, projectAccountIds, after } = asked;
  const own = narrowing(view, viewer, params);
  const further = after === undefined ? [] : [behind(view, after)];
  const hints = { byId: idsOf(params).length > 0, projectAccountIds };
  const scoped = view.scope ? scopeAlternatives(view.scope, viewer, params as ScopeParams, hints) : [raw('TRUE')];
  // Whoever sees everything sees what is shared as well.
  const seesAll = scoped[0]?.text === 'TRUE' || scoped[0]?.isBroad === true;
  const alternatives = seesAll ? scoped.slice(0, 1) : scoped;
  const isWhole = seesAll && own.length === 0;
  const always = [...(view.where === undefined ? [] : [raw(view.where)]), ...own, ...further];
  return {
    branches: alternatives.map((one) => join([...always, ...(one.text === 'TRUE' ? [] : [one])], ' AND ')),
    isWhole,
  };
}

function behind({ newestFirst }: ListView, id: string): Sql {
  return sql`b.id ${raw(newestFirst === true ? '<' : '>')} ${id}`;
}

function narrowing(view: ListView, viewer: Caller, params: Params): Sql[] {
  const found: Sql[] = [];
  if (params['id'] !== undefined) found.push(sql`b.id = ${params['id']}`);
  const ids = params['ids'] as string[] | undefined;
  if (ids !== undefined) found.push(ids.length > 0 ? sql`b.id IN (${ids})` : raw('FALSE'));
  const keyword = params['keyword'];
  if (typeof keyword === 'string' && keyword !== '' && view.keyword) {
    const pattern = likePattern(keyword);
    const matches = view.keyword.map((column) => sql`${raw(column)} LIKE ${pattern}`);
    found.push(join(matches, ' OR '));
  }
  if (params['tags'] !== undefined && view.tagged)
    found.push(...tagsCondition(view.tagged, params['tags'] as Record<string, string>));
  for (const [name, filter] of Object.entries(view.filters)) {
    const value = params[name];
    if (value === undefined || filter === 'accepted') continue;
    const part = typeof filter === 'string' ? sql`${raw(filter)} = ${value}` : filter(value as never, viewer);
    if (part && part.text !== 'TRUE') found.push(part);
  }
  const isNamed = idsOf(params).length > 0;
  for (const [name, condition] of Object.entries(view.without ?? {}))
    if (params[name] === undefined && !isNamed) found.push(raw(condition));
  return found;
}

const orderOf = ({ newestFirst }: ListView) => (newestFirst === true ? 'DESC' : 'ASC');

/** Where nothing narrows, the optimiser would sort the whole of an index on `state` instead of walking the key. */
const hintOf = ({ isWhole }: Part) => (isWhole ? 'FORCE INDEX (PRIMARY)' : '');

function branchIds(view: ListView, part: Part, where: Sql): Sql {
  return sql`SELECT b.id FROM ${raw(`\`${view.table}\``)} b ${raw(hintOf(part))} WHERE ${where}`;
}

/** The ids of a page in its order, found in an index where there is one. */
export function idsQuery(view: ListView, part: Part): Statement {
  const { branches, limit, offset } = part;
  const order = raw(orderOf(view));
  const [only] = branches;
  if (branches.length === 1 && only)
    return sql`${branchIds(view, part, only)} ORDER BY b.id ${order} LIMIT ${limit} OFFSET ${offset}`;
  // Each by its own index; a condition with OR would be looked at for every row of the table.
  const all = branches.map(
    (branch) =>
      sql`(${branchIds(view, part, branch)} ORDER BY b.id ${order} LIMIT ${Math.min(limit + offset, EVERYTHING)})`,
  );
  return sql`SELECT u.id FROM (${united(all)}) u ORDER BY u.id ${order} LIMIT ${limit} OFFSET ${offset}`;
}

function united(parts: readonly Sql[]): Sql {
  return { text: parts.map(({ text }) => text).join(' UNION '), values: parts.flatMap(({ values }) => values) };
}

/** All ids, in no order. */
function allIds(view: ListView, part: Part): Statement {
  const [only, ...others] = part.branches.map((branch) => branchIds(view, part, branch));
  if (only && others.length === 0) return only;
  return sql`SELECT u.id FROM (${united(only ? [only, ...others] : [])}) u`;
}

/** The rows of a page. */
export function pageQuery(view: ListView, part: Part, select: string): Statement {
  const { isWhole, offset, limit, branches } = part;
  const joins = raw((view.joins ?? []).join(' '));
  const table = raw(`\`${view.table}\` b`);
  const order = raw(orderOf(view));
  // The joins are by unique keys of other tables, so there is but one order that makes sense: looking for others takes long.
  const columns = raw(`STRAIGHT_JOIN ${select}`);
  const [only] = branches;
  if (isWhole && offset === 0 && only)
    return sql`SELECT ${columns} FROM ${table} ${raw(hintOf(part))} ${joins} WHERE ${only} ORDER BY b.id ${order} LIMIT ${limit}`;
  // The inner query finds the ids of the page in an index; rows and joins are read for these alone.
  return sql`SELECT ${columns} FROM (${idsQuery(view, part)}) p JOIN ${table} ON b.id = p.id ${joins} ORDER BY p.id ${order}`;
}

/** How many rows there are. */
export function countQuery(view: ListView, part: Part): Statement {
  const [only] = part.branches;
  if (part.branches.length === 1 && only)
    return sql`SELECT COUNT(*) AS n FROM ${raw(`\`${view.table}\``)} b WHERE ${only}`;
  return sql`SELECT COUNT(*) AS n FROM (${allIds(view, part)}) c`;
}

/** Which parents' children are read: those of the ids of a page, or of everything that is asked for. */
export function parentsOf(view: ListView, part: Part, ids: readonly string[] | undefined): Sql {
  if (ids === undefined) return part.isWhole ? raw('IS NOT NULL') : sql`IN (${allIds(view, part)})`;
  // A page of all rows leaves out next to none between its first and its last: one range instead of hundreds of keys.
  const [first, last] = view.newestFirst ? [ids.at(-1), ids[0]] : [ids[0], ids.at(-1)];
  return part.isWhole ? sql`BETWEEN ${first} AND ${last}` : sql`IN (${ids})`;
}

/** The children of one kind. */
export function childQuery(child: Child, select: string, parents: Sql): Statement {
  const further = raw(child.where === undefined ? '' : `AND ${child.where}`);
  return sql`SELECT ${raw(select)}, ${raw(child.parent)} AS parent_id FROM ${raw(child.from)}
    WHERE ${raw(child.parent)} ${parents} ${further} ORDER BY ${raw(child.order)}`;
}
