import { DurastackError } from '@durastack/contracts/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { readPrepared } from './prepared.js';
import { autocommit } from './transaction.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 1 });
});
afterAll(() => database.drop());

const preparedSoFar = async (): Promise<number> => {
  const [row] = await autocommit(database.source).query<{ Value: string }>(
    "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'",
  );
  return Number(row?.Value);
};

describe('readPrepared', () => {
  it('gives the values that the same statement gives otherwise', async () => {
    const sql = `SELECT ? AS text, NULL AS nothing, CAST(4 AS INT) AS number, JSON_ARRAY('a', 'b') AS list,
      CAST('2026-11-21 02:03:16.500' AS DATETIME(3)) AS moment, @@session.time_zone AS zone,
      @@session.innodb_lock_wait_timeout AS patience`;
    const [prepared] = await readPrepared(database.source, sql, ['é ☂']);
    expect(prepared).toEqual((await autocommit(database.source).query(sql, ['é ☂']))[0]);
    expect(prepared).toMatchObject({ text: 'é ☂', moment: new Date('2026-11-21T02:03:16.500Z'), patience: 5 });
  });

  it('has a statement taken apart once', async () => {
    const sql = 'SELECT ? AS one';
    await readPrepared(database.source, sql, ['a']);
    const before = await preparedSoFar();
    for (const value of ['b', "'; DROP TABLE user; --", '?']) {
      expect(await readPrepared(database.source, sql, [value])).toEqual([{ one: value }]);
    }
    expect(await preparedSoFar()).toBe(before);
  });

  it('sees what changed in the table since', async () => {
    const db = autocommit(database.source);
    const sql = 'SELECT value FROM setting WHERE name = ?';
    expect(await readPrepared(database.source, sql, ['changed'])).toEqual([]);
    await db.execute("INSERT INTO setting (name, value) VALUES ('changed', '1')");
    expect(await readPrepared(database.source, sql, ['changed'])).toEqual([{ value: '1' }]);
    await db.execute('ALTER TABLE setting ADD COLUMN more int NULL');
    expect(await readPrepared(database.source, sql, ['changed'])).toEqual([{ value: '1' }]);
  });

  it('fails as other statements do, and gives the connection back', async () => {
    for (const sql of ['SELECT nonsense FROM nowhere WHERE a = ?', 'SELECT a FROM']) {
      const failed = await readPrepared(database.source, sql, ['a']).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(DurastackError);
    }
    expect(await readPrepared(database.source, 'SELECT ? AS one', ['still there'])).toEqual([{ one: 'still there' }]);
  });
});
