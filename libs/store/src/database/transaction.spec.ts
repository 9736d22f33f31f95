/** What the database takes back to end a deadlock is done again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { autocommit, transaction, type Tx } from './transaction.js';

const ROWS = 50;

let database: TestDatabase;
let source: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  source = database.source;
  await autocommit(source).execute('CREATE TABLE tally (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB');
});
afterAll(() => database.drop());
beforeEach(async () => {
  const db = autocommit(source);
  await db.execute('DELETE FROM tally');
  await db.execute(`INSERT INTO tally (id) VALUES ${Array.from({ length: ROWS }, (_, i) => `(${i + 1})`).join()}`);
});

/** Adds to the first and the last row, the last first. */
const fromTheEnd = (tx: Tx) => tx.execute('UPDATE tally SET n = n + 1 WHERE id IN (1, ?) ORDER BY id DESC', [ROWS]);

/** Adds to all but the last row and then, once somebody waits for the first, to the last: it has changed more, and wins. */
const fromTheStart = () =>
  transaction(source, async (tx) => {
    await tx.execute('UPDATE tally SET n = n + 10 WHERE id < ?', [ROWS]);
    await sleep(300);
    await tx.execute('UPDATE tally SET n = n + 10 WHERE id = ?', [ROWS]);
  });

const deadlocks = async () => {
  const [row] = await autocommit(source).query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
  return Number(row!.Value);
};

it.each<[string, () => Promise<unknown>]>([
  ['a statement by itself', () => fromTheEnd(autocommit(source))],
  ['a transaction', () => transaction(source, fromTheEnd)],
])('%s', async (_name, loser) => {
  const before = await deadlocks();
  const winner = fromTheStart();
  await sleep(100);
  await Promise.all([winner, loser()]);
  expect(await deadlocks()).toBeGreaterThan(before);
  const rows = await autocommit(source).query<{ n: number }>('SELECT n FROM tally WHERE id IN (1, ?)', [ROWS]);
  expect(rows.map(({ n }) => n)).toEqual([11, 11]);
});

it('text that is not ASCII is no id: the caller is told, whether it is one or one of many', async () => {
  const db = autocommit(source);
  for (const ids of ['é', ['00000000-0000-4000-8000-000000000000', 'é']])
    await expect(db.query('SELECT id FROM host WHERE id IN (?)', [ids])).rejects.toThrow(/ids are UUIDs/);
  expect(await db.query('SELECT id FROM host WHERE name = ?', ['é'])).toEqual([]);
});
