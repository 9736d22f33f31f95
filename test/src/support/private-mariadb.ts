/**
 * A MariaDB of one cloud's own, which may be killed and started again: unlike the one that specs share, it keeps
 * what was committed when its process dies (`innodb-flush-log-at-trx-commit=1`, as in production).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connectDatabase } from '@durastack/store/database/data-source';
import { migrate } from '@durastack/store/migrate';
import type { TestDatabase } from '@durastack/store/testing/test-database';
import mysql from 'mysql2/promise';
import { Child } from './child.js';
import { initialiseMariadb, mariadbPaths } from './mariadb-data.js';

/** The server and the one database in it. */
export interface PrivateMariadb {
  readonly server: Child;
  readonly database: TestDatabase;
}

/**
 * Makes the data directory, starts the server, makes a migrated, empty database.
 *
 * @param directory where it lies; made when missing
 */
export async function startPrivateMariadb(directory: string): Promise<PrivateMariadb> {
  mkdirSync(directory, { recursive: true });
  const data = join(directory, 'data');
  const socketPath = join(directory, 'sock');
  await initialiseMariadb(data);
  const ask = async (sql: string) => {
    const connection = await mysql.createConnection({ socketPath, user: 'root', connectTimeout: 2_000 });
    connection.on('error', () => undefined);
    await connection.query(sql).finally(() => connection.destroy());
    return true;
  };
  const server = new Child({
    command: 'mariadbd',
    args: [
      ...[...mariadbPaths(data), `--socket=${socketPath}`, `--pid-file=${join(directory, 'pid')}`],
      ...['--skip-networking', '--skip-name-resolve', '--user=root', '--performance-schema=off'],
      ...['--character-set-server=utf8mb4', '--collation-server=utf8mb4_unicode_ci'],
      ...['--innodb-buffer-pool-size=128M', '--innodb-log-file-size=64M', '--innodb-flush-log-at-trx-commit=1'],
      '--max-connections=200',
    ],
    env: { LC_ALL: 'C' },
    logFile: join(directory, 'mariadb.log'),
    ready: () => ask('SELECT 1'),
  });
  await server.start();
  try {
    await ask('CREATE DATABASE durastack');
    const url = `mysql://root@localhost/durastack?socketPath=${encodeURIComponent(socketPath)}`;
    await migrate(url);
    const source = await connectDatabase({ url, poolSize: 8 });
    const drop = async (): Promise<void> => {
      await source.destroy();
      await server.kill('SIGKILL');
    };
    return { server, database: { url, source, drop } };
  } catch (error) {
    await server.kill('SIGKILL');
    throw error;
  }
}
