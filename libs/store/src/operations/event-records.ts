/** Events that somebody has read: out of the list, or gone. */
import type { DataSource } from 'typeorm';
import { autocommit, transaction, type Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';
import type { Caller } from '../identity/caller.js';
import { OWNED } from '../lists/engine/columns.js';
import { moment } from '../lists/engine/moment.js';
import { scopeCondition } from '../lists/engine/scope.js';
import { join, sql, type Sql } from '../lists/engine/sql.js';

/** Which events a caller means, of those that it may see. */
export interface EventSelection {
  readonly ids?: readonly string[] | undefined;
  readonly type?: string | undefined;
  readonly startDate?: string | undefined;
  readonly endDate?: string | undefined;
}

/** Rows of one transaction: a log of years is not locked in one. */
const AT_ONCE = 2_000;

/**
 * Takes events out of the list.
 *
 * @throws DurastackError NOT_FOUND for an id of none that the caller may archive; INVALID_INPUT for what is no date
 */
export async function archiveEvents(source: DataSource, caller: Caller, selection: EventSelection): Promise<void> {
  const where = await conditionOf(autocommit(source), caller, selection);
  await inParts(source, sql`UPDATE event b SET b.archived = 1 WHERE b.archived = 0 AND ${where} LIMIT ${AT_ONCE}`);
}

/**
 * Deletes events.
 *
 * @throws DurastackError NOT_FOUND for an id of none that the caller may delete; INVALID_INPUT for what is no date
 */
export async function deleteEvents(source: DataSource, caller: Caller, selection: EventSelection): Promise<void> {
  const where = await conditionOf(autocommit(source), caller, selection);
  // A DELETE with a limit takes no alias, which the conditions are written for.
  const some = sql`SELECT b.id FROM event b WHERE ${where} LIMIT ${AT_ONCE}`;
  await inParts(source, sql`DELETE FROM event WHERE id IN (SELECT id FROM (${some}) some)`);
}

async function inParts(source: DataSource, { text, values }: Sql): Promise<void> {
  for (;;) {
    const { affectedRows } = await transaction(source, (tx) => tx.execute(text, [...values]));
    if (affectedRows < AT_ONCE) return;
  }
}

async function conditionOf(tx: Tx, caller: Caller, selection: EventSelection): Promise<Sql> {
  const { ids, type, startDate, endDate } = selection;
  // What others did in a project is its administrators' to keep: members see it, but do not take it away.
  const own = scopeCondition({ ...OWNED, holds: 'accounts' }, caller, { listAll: true }, true);
  if (ids !== undefined) await requireAll(tx, own, ids);
  const parts: Sql[] = [own];
  if (ids !== undefined) parts.push(sql`b.id IN (${ids})`);
  if (type !== undefined) parts.push(sql`b.type = ${type}`);
  if (startDate !== undefined) parts.push(sql`b.created_at >= ${moment(startDate, 'startdate')}`);
  if (endDate !== undefined) parts.push(sql`b.created_at <= ${moment(endDate, 'enddate')}`);
  return join(parts, ' AND ');
}

async function requireAll(tx: Tx, own: Sql, ids: readonly string[]): Promise<void> {
  const found = sql`SELECT b.id FROM event b WHERE b.id IN (${ids}) AND ${own}`;
  const known = new Set((await tx.query<{ id: string }>(found.text, [...found.values])).map(({ id }) => id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw notFound('ids', missing);
}
