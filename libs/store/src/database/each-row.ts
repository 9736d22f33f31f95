import type { DataSource } from 'typeorm';
import { poolOf } from './pool.js';
import { toStoreError } from './transaction.js';

/**
 * Reads outside transactions, and hands each row on as it arrives: thousands that are kept until the last one came cost
 * twice as much.
 *
 * @param onRow what it throws is thrown here when all rows have come
 * @throws DurastackError as `autocommit` does, but nothing is tried again; some rows may have been handed on by then
 */
export async function eachRow<T>(
  source: DataSource,
  sql: string,
  parameters: readonly unknown[],
  onRow: (row: T) => void,
): Promise<void> {
  try {
    await readOnPool(source, sql, parameters, onRow);
  } catch (error) {
    throw toStoreError(error);
  }
}

function readOnPool<T>(
  source: DataSource,
  sql: string,
  values: readonly unknown[],
  onRow: (row: T) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    poolOf(source).getConnection((none, connection) => {
      if (none) return reject(none);
      let fault: { readonly error: unknown } | undefined;
      const fail = (error: unknown) => (fault ??= { error });
      const end = () => {
        connection.off('error', lose);
        connection.release();
        if (fault) reject(fault.error);
        else resolve();
      };
      // The query would never end then.
      const lose = (error: Error) => {
        fail(error);
        end();
      };
      connection.once('error', lose);
      const take = (row: T) => {
        if (fault) return;
        try {
          onRow(row);
        } catch (error) {
          fail(error);
        }
      };
      connection.query(sql, values).on('result', take).on('error', fail).on('end', end);
    });
  });
}
