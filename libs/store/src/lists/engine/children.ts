/** What lies below the items of a list: rows of other tables, read by one query for each kind. */
import type { Tx } from '../../database/transaction.js';
import type { Child, ListView } from './define-list.js';
import { detailsChild } from './details.js';
import { childQuery, type Statement } from './page-sql.js';
import { itemShape, rowMapper, selectList } from './rows.js';
import { tagsChild } from './tags.js';

type Row = Readonly<Record<string, unknown>>;

/** Rows of one kind by what they lie below, in order. */
interface Found {
  readonly child: Child;
  readonly byParent: ReadonlyMap<string, readonly Row[]>;
}

const NO_ROWS: readonly Row[] = [];
/** Frozen, for whoever writes the same thing once only. */
const NOTHING: readonly unknown[] = Object.freeze([]);

/** Reads all kinds, below what a condition on the parent's id says. */
export function readChildren(tx: Tx, view: ListView, parents: Statement): Promise<readonly Found[]> {
  return Promise.all(
    kindsOf(view).map(async (child) => {
      const { text, values } = childQuery(child, preparedChild(view, child).select, parents);
      return { child, byParent: groupByParent(await tx.query(text, values)) };
    }),
  );
}

/** What an item with an id has of all kinds, and what is computed from that. */
export function fieldsBelow(view: ListView, found: readonly Found[]): (id: string) => Row {
  const kinds = found.map(({ child, byParent }) => ({ child, byParent, ...preparedChild(view, child) }));
  return (id) => {
    const fields: Record<string, unknown> = {};
    for (const { child, byParent, toItem } of kinds) {
      const rows = byParent.get(id) ?? NO_ROWS;
      fields[child.field] = child.isMap ? toMap(rows) : toList(rows, child, toItem);
    }
    return view.finish ? Object.assign(fields, view.finish(fields)) : fields;
  };
}

function kindsOf(view: ListView): readonly Child[] {
  return [
    ...(view.children ?? []),
    ...(view.tagged ? [tagsChild(view.tagged)] : []),
    ...(view.detailed ? [detailsChild(view.detailed)] : []),
  ];
}

function groupByParent(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const parent = String(row['parent_id']);
    const there = found.get(parent);
    if (there) there.push(row);
    else found.set(parent, [row]);
  }
  return found;
}

function toMap(rows: readonly Row[]): Row {
  return Object.fromEntries(rows.map(({ key, value }) => [String(key), value]));
}

function toList(rows: readonly Row[], { map }: Child, toItem: Prepared['toItem']): readonly unknown[] {
  if (rows.length === 0) return NOTHING;
  return rows.map((row, index) => Object.assign(toItem(row), map?.(row, index)));
}

interface Prepared {
  readonly select: string;
  readonly toItem: (row: Row) => Record<string, unknown>;
}

const cache = new WeakMap<Child, Prepared>();

function preparedChild(view: ListView, child: Child): Prepared {
  const known = cache.get(child);
  if (known) return known;
  const shape = child.isMap ? {} : itemShape((view.command.result.shape as Record<string, never>)[child.field]);
  const fields = Object.keys(child.columns).filter((field) => field in shape);
  const made = { select: selectList(child.columns), toItem: rowMapper(shape, fields) };
  cache.set(child, made);
  return made;
}
