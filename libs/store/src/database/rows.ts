/** Small statements that many synchronous commands need. Table and column names come from code, never from a call. */
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { notFound } from '../identity/access.js';
import { tableOf } from '../operations/state-rows.js';
import type { Tx } from './transaction.js';

/** Inserts a row; keys are columns, undefined is NULL. */
export async function insertRow(tx: Tx, table: string, row: Readonly<Record<string, unknown>>): Promise<void> {
  const columns = Object.keys(row).map((column) => `\`${column}\``);
  await tx.execute(
    `INSERT INTO \`${table}\` (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    Object.values(row).map((value) => value ?? null),
  );
}

/** Inserts rows of one shape by one statement; undefined is NULL. */
export async function insertRows(
  tx: Tx,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  if (rows[0] === undefined) return;
  const names = Object.keys(rows[0]);
  await tx.execute(`INSERT INTO \`${table}\` (${names.map((name) => `\`${name}\``).join(', ')}) VALUES ?`, [
    rows.map((row) => names.map((name) => row[name] ?? null)),
  ]);
}

/** Sets the columns that are not undefined; nothing when all are. */
export async function updateRow(
  tx: Tx,
  resource: ResourceRef,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const set = Object.entries(columns).filter(([, value]) => value !== undefined);
  if (set.length === 0) return;
  await tx.execute(
    `UPDATE ${tableOf(resource.type)} SET ${set.map(([column]) => `\`${column}\` = ?`).join(', ')} WHERE id = ?`,
    [...set.map(([, value]) => value), resource.id],
  );
}

/** How {@link requireRow} looks. */
export interface RowDemand {
  /** Name of the parameter that named it; default `id`. */
  readonly parameter?: string;
  readonly lock?: 'update' | 'share';
  /** A further condition on the row. */
  readonly where?: string;
}

/**
 * Reads a row that must exist, and holds it until the transaction ends when `lock` says so.
 *
 * @throws DurastackError NOT_FOUND
 */
export async function requireRow<T = Record<string, unknown>>(
  tx: Tx,
  resource: ResourceRef,
  demand: RowDemand = {},
): Promise<T> {
  const lock = { update: 'FOR UPDATE', share: 'LOCK IN SHARE MODE', none: '' }[demand.lock ?? 'none'];
  const rows = await tx.query<T>(
    `SELECT * FROM ${tableOf(resource.type)} WHERE id = ? ${demand.where ? `AND ${demand.where}` : ''} ${lock}`,
    [resource.id],
  );
  const row = rows[0];
  if (row === undefined) throw notFound(demand.parameter ?? 'id', resource.id);
  return row;
}

/** Rows that stand in the way of a removal. */
export interface Obstacle {
  readonly table: string;
  /** With one parameter: the id of what is to be removed. */
  readonly where: string;
  /** For people, in the plural: `pods`. */
  readonly what: string;
}

/**
 * Refuses a removal while others refer to it.
 *
 * @param id what the conditions are given, where it is not the id of the resource
 * @throws DurastackError CONFLICT saying how many of what are left
 */
export async function refuseWhileUsed(
  tx: Tx,
  resource: ResourceRef,
  obstacles: readonly Obstacle[],
  id = resource.id,
): Promise<void> {
  for (const { table, where, what } of obstacles) {
    const rows = await tx.query<{ n: number }>(`SELECT COUNT(*) AS n FROM \`${table}\` WHERE ${where}`, [id]);
    const count = Number(rows[0]?.n);
    if (count > 0) {
      throw new DurastackError(
        'CONFLICT',
        `The ${resource.type} ${resource.id} is in use: remove its ${count} ${what} first.`,
        { details: { count, what } },
      );
    }
  }
}

/** Says in own words that an object with this identity exists. */
export async function orConflict<T>(work: Promise<T>, message: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isDurastackError(error, 'CONFLICT')) throw new DurastackError('CONFLICT', message, { cause: error });
    throw error;
  }
}
