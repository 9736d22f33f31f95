/**
 * Backups of a test's database, as `mariadb-dump --single-transaction` makes them: one moment of all tables, and
 * counters that go back with them.
 */
import mysql from 'mysql2/promise';

/** One moment of a database. */
export type Backup = readonly {
  readonly table: string;
  readonly create: string;
  readonly rows: readonly unknown[][];
}[];

const connect = (databaseUrl: string) => {
  const url = new URL(databaseUrl);
  return mysql.createConnection({
    ...{ socketPath: url.searchParams.get('socketPath') ?? '', user: url.username, database: url.pathname.slice(1) },
    ...{ dateStrings: true, supportBigNumbers: true, bigNumberStrings: true, rowsAsArray: true },
  });
};

/** Reads all tables as they are at this moment. */
export async function backUp(databaseUrl: string): Promise<Backup> {
  const connection = await connect(databaseUrl);
  const ask = async (sql: string) => (await connection.query(sql))[0] as unknown[][];
  try {
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    const tables = (await ask('SHOW TABLES')).map(([name]) => String(name));
    const backup = [];
    for (const table of tables) {
      const [shown] = await ask(`SHOW CREATE TABLE \`${table}\``);
      backup.push({ table, create: String(shown?.[1]), rows: await ask(`SELECT * FROM \`${table}\``) });
    }
    return backup;
  } finally {
    await connection.end();
  }
}

/** Puts a backup in the place of what is in the database. */
export async function restore(databaseUrl: string, backup: Backup): Promise<void> {
  const connection = await connect(databaseUrl);
  try {
    await connection.query('SET FOREIGN_KEY_CHECKS = 0');
    for (const { table, create, rows } of backup) {
      await connection.query(`DROP TABLE IF EXISTS \`${table}\``);
      await connection.query(create);
      if (rows.length > 0) await connection.query(`INSERT INTO \`${table}\` VALUES ?`, [rows]);
    }
  } finally {
    await connection.end();
  }
}
