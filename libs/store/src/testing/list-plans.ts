/** How the database carries out lists: which statements a page takes, and by which indexes. */
import type { Caller } from '../identity/caller.js';
import type { Tx } from '../database/transaction.js';
import type { ListView } from '../lists/engine/define-list.js';
import { offsetPage, runList } from '../lists/engine/run-list.js';

/** One line of EXPLAIN. */
export interface PlanStep {
  /** The table's name; an alias or `<derived2>` where it is none of the statement's. */
  readonly table: string;
  /** MariaDB's `type`: ALL, index, range, ref, eq_ref, … */
  readonly access: string;
  readonly key: string | null;
  /** How many it expects to look at. */
  readonly rows: number;
  readonly extra: string;
  /** It is taken for each row of another step, or for each row of the statement around it. */
  readonly isRepeated: boolean;
}

/** A statement of a page. */
export interface Plan {
  readonly sql: string;
  readonly steps: readonly PlanStep[];
}

interface ExplainRow {
  readonly id: string | number | null;
  readonly select_type: string | null;
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: string | number | null;
  readonly Extra: string | null;
}

/** What a list is asked by whom. */
export interface AskedList {
  readonly view: ListView;
  readonly viewer: Caller;
  readonly params: Readonly<Record<string, unknown>>;
}

type SentStatement = [sql: string, values: unknown[]];

/** The statements that a read sends; each has been carried out. */
async function sentBy(tx: Tx, read: (tx: Tx) => Promise<unknown>): Promise<SentStatement[]> {
  const sent: SentStatement[] = [];
  const noting: Tx = {
    ...tx,
    query: (sql, values = []) => {
      sent.push([sql, [...values]]);
      return tx.query(sql, values);
    },
  };
  await read(noting);
  return sent;
}

const listing =
  ({ view, viewer, params }: AskedList) =>
  (tx: Tx): Promise<unknown> =>
    runList(tx, view, viewer, { params, page: offsetPage(params) });

/** The statements of a page; each has been carried out. */
export const statementsOf = (tx: Tx, asked: AskedList): Promise<SentStatement[]> => sentBy(tx, listing(asked));

/** The plans of a page's statements. */
export const plansOf = (tx: Tx, asked: AskedList): Promise<Plan[]> => plansOfRead(tx, listing(asked));

/** The plans of the statements that a read sends. */
export async function plansOfRead(tx: Tx, read: (tx: Tx) => Promise<unknown>): Promise<Plan[]> {
  const plans: Plan[] = [];
  for (const [sql, values] of await sentBy(tx, read)) {
    const rows = await tx.query<ExplainRow>(`EXPLAIN ${sql}`, values);
    const names = tablesOf(sql);
    plans.push({
      sql: sql.replaceAll(/\s+/g, ' '),
      steps: rows.map(({ id, select_type, table, type, key, rows: expected, Extra }, index) => ({
        table: names.get(table ?? '') ?? table ?? '',
        access: type ?? '',
        key,
        rows: Number(expected ?? 0),
        extra: Extra ?? '',
        isRepeated: rows[index - 1]?.id === id || /DEPENDENT|UNCACHEABLE/.test(select_type ?? ''),
      })),
    });
  }
  return plans;
}

/** The tables of a statement by their aliases. */
function tablesOf(sql: string): Map<string, string> {
  const found = sql.matchAll(/(?:FROM|JOIN)\s+`?(\w+)`?(?:\s+(?!WHERE|ON|JOIN|LEFT|LIMIT|ORDER)(\w+))?/gi);
  return new Map([...found].map(([, table = '', alias]) => [alias ?? table, table]));
}

/**
 * Whether a step looks at every row of a table without need: all of its rows, or all of an index in order to read rows
 * by it. A walk along an index that ends with the page is none, nor is one that a total is counted from.
 *
 * @param most rows that a page may look at
 */
export function isFullScan({ access, rows, extra }: PlanStep, most: number): boolean {
  if (access === 'ALL') return rows > most;
  return access === 'index' && rows > most && !extra.includes('Using index');
}

/** Whether a step looks at every row of a table, or of an index, again and again. */
export function isScannedAgain({ access, rows, isRepeated }: PlanStep, most: number): boolean {
  return isRepeated && (access === 'ALL' || access === 'index') && rows > most;
}
