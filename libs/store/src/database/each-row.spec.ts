import { DurastackError, invariant } from '@durastack/contracts/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { eachRow } from './each-row.js';
import { autocommit } from './transaction.js';

let database: TestDatabase;
/** For what is done to the connection of the first. */
let beside: TestDatabase;

beforeAll(async () => {
  [database, beside] = await Promise.all([createTestDatabase({ poolSize: 1 }), createTestDatabase({ poolSize: 1 })]);
});
afterAll(() => Promise.all([database.drop(), beside.drop()]));

const NUMBERS = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i';

async function read<T>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  const rows: T[] = [];
  await eachRow<T>(database.source, sql, values, (row) => void rows.push(row));
  return rows;
}

const isStillUsable = async () => expect(await read('SELECT ? AS one', ['there'])).toEqual([{ one: 'there' }]);

describe('eachRow', () => {
  it('gives what the same statement gives otherwise, in order', async () => {
    const sql = `${NUMBERS}, CAST('2026-11-21 02:03:16.500' AS DATETIME(3)) AS moment, NULL AS nothing FROM n ORDER BY i DESC`;
    const rows = await read(sql, [900]);
    expect(rows).toHaveLength(900);
    expect(rows).toEqual(await autocommit(database.source).query(sql, [900]));
    expect(await read(`${NUMBERS} FROM n WHERE i > 5`, [3])).toEqual([]);
  });

  it('fails as other statements do, and gives the connection back', async () => {
    await expect(read('SELECT nonsense FROM nowhere WHERE a = ?', ['a'])).rejects.toBeInstanceOf(DurastackError);
    await isStillUsable();
  });

  it('throws what the taker of a row throws, hands on no further row, and gives the connection back', async () => {
    let taken = 0;
    const refusing = eachRow(database.source, `${NUMBERS} FROM n`, [100], () => {
      taken += 1;
      throw new DurastackError('CONFLICT', 'Not this row.');
    });
    await expect(refusing).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(taken).toBe(1);
    await isStillUsable();
  });

  it('ends when the connection is lost between two rows, and takes another one then', async () => {
    const sql = `${NUMBERS}, CONNECTION_ID() AS connection, REPEAT('x', 40000) AS text, SLEEP(0.05) AS slept FROM n`;
    let killing: Promise<unknown> | undefined;
    const cut = eachRow<{ connection: number }>(database.source, sql, [900], ({ connection }) => {
      killing ??= beside.source.query('KILL CONNECTION ?', [connection]);
    });
    await expect(cut).rejects.toBeInstanceOf(DurastackError);
    invariant(killing, 'No row came before the connection was cut.');
    await killing;
    await isStillUsable();
  });
});
