/** A database of its own for one spec, in the private MariaDB of the test run. */
import { randomBytes } from 'node:crypto';
import { DurastackError } from '@durastack/contracts/errors';
import mysql from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { connectDatabase } from '../database/data-source.js';
import { migrate } from '../migrate.js';

/** A migrated, empty database. */
export interface TestDatabase {
  readonly url: string;
  readonly source: DataSource;
  /** Disconnects and drops it. */
  drop(): Promise<void>;
}

/**
 * Makes one.
 *
 * @param options `migrated`: false leaves it without tables
 */
export async function createTestDatabase(
  options: { migrated?: boolean; poolSize?: number } = {},
): Promise<TestDatabase> {
  const socketPath = process.env['TEST_MARIADB_SOCKET'];
  if (!socketPath)
    throw new DurastackError(
      'ENVIRONMENT',
      'TEST_MARIADB_SOCKET is not set; run the specs through vitest from the root of the checkout.',
    );
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = await mysql.createConnection({ socketPath, user: 'root' });
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  const url = `mysql://root@localhost/${name}?socketPath=${encodeURIComponent(socketPath)}`;
  if (options.migrated !== false) await migrate(url);
  const source = await connectDatabase({ url, poolSize: options.poolSize ?? 16 });
  return {
    url,
    source,
    async drop() {
      await source.destroy();
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}
