import 'reflect-metadata';
import { DurastackError } from '@durastack/contracts/errors';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { loadEntities, loadMigrations } from './entities.js';
import { SnakeCaseNaming } from './naming.js';
import { poolOf } from './pool.js';

/** How a program reaches the database. */
export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`, or with `?socketPath=/run/mysqld.sock`. */
  readonly url: string;
  /** Connections in the pool; default 16. */
  readonly poolSize?: number;
}

/** The parts of a database URL. MISCONFIGURED when it is none. */
export function parseDatabaseUrl(url: string): {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  socketPath?: string;
} {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new DurastackError(
      'MISCONFIGURED',
      'DURASTACK_DATABASE_URL is no URL; expected mysql://user:password@host:port/database.',
      { cause },
    );
  }
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (!/^(mysql|mariadb):$/.test(parsed.protocol) || !database) {
    throw new DurastackError(
      'MISCONFIGURED',
      'DURASTACK_DATABASE_URL must look like mysql://user:password@host:port/database.',
    );
  }
  const socketPath = parsed.searchParams.get('socketPath') ?? undefined;
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(parsed.port || 3306),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    ...(socketPath ? { socketPath } : {}),
  };
}

/**
 * Connects to MySQL 8 or MariaDB ≥ 10.11.
 *
 * Every session is READ COMMITTED (see accept) and in UTC; a lock wait ends after 5 s, so that it is retried
 * rather than hung.
 */
export async function connectDatabase(options: DatabaseOptions): Promise<DataSource> {
  const { socketPath, ...target } = parseDatabaseUrl(options.url);
  const source = new DataSource({
    type: 'mysql',
    ...target,
    ...(socketPath ? { socketPath } : {}),
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    poolSize: options.poolSize ?? 16,
    connectTimeout: 5_000,
    entities: await loadEntities(),
    migrations: await loadMigrations(),
    migrationsTableName: 'schema_migration',
    migrationsTransactionMode: 'none',
    namingStrategy: new SnakeCaseNaming(),
    synchronize: false,
    extra: { enableKeepAlive: true, maxIdle: options.poolSize ?? 16 },
  } satisfies DataSourceOptions);
  await source.initialize();
  prepareSessions(source);
  // The one connection that exists by now was opened before anybody could listen.
  for (const setting of Object.values(SESSION_SETTINGS)) await source.query(setting);
  return source;
}

/** Settings of every new connection; queued on it before whatever its first user sends. */
function prepareSessions(source: DataSource): void {
  const pool = poolOf(source);
  pool.on('connection', (connection) => connection.query(SESSION_SETTINGS.transaction));
  pool.on('connection', (connection) => connection.query(SESSION_SETTINGS.variables));
}

const SESSION_SETTINGS = {
  transaction: 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  variables: "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5",
} as const;
