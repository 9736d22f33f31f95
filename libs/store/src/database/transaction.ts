import { asDurastackError, DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { DataSource, EntityManager } from 'typeorm';
import { sendOnPool } from './pool.js';

/** One transaction's handle. `query` binds its parameters. */
export interface Tx {
  query<T = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  /** For INSERT, UPDATE and DELETE: the number of rows that were touched. */
  execute(sql: string, parameters?: readonly unknown[]): Promise<{ affectedRows: number; insertId: number }>;
  readonly manager: EntityManager;
}

/** Deadlock, lock wait time-out, and MariaDB's snapshot conflict: the whole transaction is tried again. */
const RETRIED = new Set([1213, 1205, 1020]);
const ATTEMPTS = 12;

/** What a value can be that a column cannot take: it is the caller's, whoever should have looked before. */
const UNFIT: ReadonlyMap<number, string> = new Map([
  [1406, 'is too long'],
  [1264, 'is out of range'],
  [1366, 'holds characters that cannot be kept'],
  [1292, 'is not what is kept there'],
]);

/** Text that is not ASCII met ids, see columns.ts: two, three, or more texts that cannot be compared. */
const NO_IDS = new Set([1267, 1270, 1271]);

interface MysqlFault {
  readonly sqlMessage?: string;
  readonly errno?: number;
  readonly code?: string;
  readonly fatal?: boolean;
}

function faultOf(error: unknown): MysqlFault {
  const inner = (error as { driverError?: MysqlFault }).driverError;
  return inner ?? (error as MysqlFault);
}

/** Wraps a transaction manager. */
export function txOf(manager: EntityManager): Tx {
  return {
    manager,
    query: (sql, parameters = []) => manager.query(sql, parameters as unknown[]),
    execute: async (sql, parameters = []) => touchedBy(await manager.query(sql, parameters as unknown[])),
  };
}

function touchedBy(result: unknown): { affectedRows: number; insertId: number } {
  const { affectedRows, insertId } = result as { affectedRows: number; insertId: number };
  return { affectedRows: Number(affectedRows), insertId: Number(insertId) };
}

/**
 * Runs `body` in one READ COMMITTED transaction; all of it again on a deadlock.
 *
 * `body` must have no effect outside the database: it may run several times.
 *
 * @throws DurastackError whatever `body` throws of these; CONFLICT on a duplicate key; BACKEND_BUSY when the
 *   database cannot be reached or stays contended
 */
export async function transaction<T>(source: DataSource, body: (tx: Tx) => Promise<T>): Promise<T> {
  // Every session is READ COMMITTED from its start (see connectDatabase): one round trip less than saying it here.
  return againOnDeadlock(() => source.transaction((manager) => body(txOf(manager))));
}

async function againOnDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (isDurastackError(error)) throw error;
      const fault = faultOf(error);
      if (!RETRIED.has(fault.errno ?? 0) || attempt === ATTEMPTS) throw toStoreError(error);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * attempt));
    }
  }
}

/**
 * Reads or writes outside an explicit transaction, with the same errors; each statement again on a deadlock, which has
 * undone it whole.
 */
export function autocommit(source: DataSource): Tx {
  const send = (sql: string, parameters: readonly unknown[] = []) =>
    againOnDeadlock(() => sendOnPool(source, 'query', sql, parameters));
  return {
    manager: source.manager,
    query: (sql, parameters) => send(sql, parameters) as Promise<never[]>,
    execute: async (sql, parameters) => touchedBy(await send(sql, parameters)),
  };
}

/** What a database error means to the caller. */
export function toStoreError(error: unknown): DurastackError {
  if (isDurastackError(error)) return error;
  const fault = faultOf(error);
  if (fault.errno === 1062)
    return new DurastackError('CONFLICT', 'An object with this identity exists already.', { cause: error });
  if (NO_IDS.has(fault.errno ?? 0))
    return new DurastackError('INVALID_INPUT', 'A value that stands for an id is none: ids are UUIDs.', {
      cause: error,
    });
  const unfit = UNFIT.get(fault.errno ?? 0);
  if (unfit !== undefined) {
    // The server says the column nowhere else. The parameter of that meaning bears nearly the same name.
    const column = /column ['`](?:[^'`]*['`]\.['`])*(\w+)/i.exec(fault.sqlMessage ?? '')?.[1] ?? 'a field';
    return new DurastackError('INVALID_INPUT', `The value for ${column.replaceAll('_', '')} ${unfit}.`, {
      cause: error,
    });
  }
  const unreachable =
    fault.fatal === true ||
    /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|PROTOCOL_|ER_CON_COUNT|ER_SERVER_SHUTDOWN|POOL_|EAI_)/.test(fault.code ?? '');
  if (
    unreachable ||
    RETRIED.has(fault.errno ?? 0) ||
    // oxlint-disable-next-line durastack/no-message-matching -- these errors of the driver have no code
    /pool is closed|not connected|closed state/i.test(String((error as Error).message))
  ) {
    return new DurastackError(
      'BACKEND_BUSY',
      'The database does not answer or is contended; the call is tried again.',
      { cause: error },
    );
  }
  return asDurastackError(error, 'BUG');
}
