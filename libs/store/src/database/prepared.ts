import type { DataSource } from 'typeorm';
import { sendOnPool } from './pool.js';
import { toStoreError } from './transaction.js';

/**
 * Reads by a statement that the database takes apart once for each connection, not each time. For the few that every
 * request sends.
 *
 * @param sql one text for all calls: each that differs is kept by every connection
 * @param parameters bound as texts
 * @throws DurastackError as `autocommit` does
 */
export async function readPrepared<T>(
  source: DataSource,
  sql: string,
  parameters: readonly string[],
): Promise<readonly T[]> {
  try {
    return (await sendOnPool(source, 'execute', sql, parameters)) as readonly T[];
  } catch (error) {
    throw toStoreError(error);
  }
}
