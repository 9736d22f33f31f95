/** The connections of a database without the ORM around them: for a short statement its layers cost as much as the statement. */
import { DurastackError } from '@durastack/contracts/errors';
import type { EventEmitter } from 'node:events';
import type { DataSource } from 'typeorm';

type Done = (error: Error | null, result: unknown) => void;

/** What is used of mysql2's pool. Values of `execute` are bound by the database, those of `query` before it is sent. */
interface ConnectionPool {
  on(event: 'connection', listener: (connection: { query(sql: string): void }) => void): void;
  query(sql: string, values: readonly unknown[], done: Done): void;
  execute(sql: string, values: readonly unknown[], done: Done): void;
  getConnection(done: (error: Error | null, connection: Connection) => void): void;
}

/** One of them. Only it says that it is lost: a query's own events do not. */
interface Connection {
  query(sql: string, values: readonly unknown[]): EventEmitter;
  once(event: 'error', listener: (error: Error) => void): void;
  off(event: 'error', listener: (error: Error) => void): void;
  release(): void;
}

/**
 * The pool of a source. Its connections are those that the ORM uses.
 *
 * @throws DurastackError BACKEND_BUSY when it is closed
 */
export function poolOf(source: DataSource): ConnectionPool {
  const { pool } = source.driver as unknown as { pool?: ConnectionPool };
  if (!pool) throw new DurastackError('BACKEND_BUSY', 'The connections to the database are closed.');
  return pool;
}

/** Sends a statement on any connection, and gives what the driver makes of the answer: rows, or what was touched. */
export function sendOnPool(
  source: DataSource,
  how: 'query' | 'execute',
  sql: string,
  values: readonly unknown[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    poolOf(source)[how](sql, values, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
