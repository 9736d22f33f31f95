/** Pages and totals of the one engine behind all lists, on a view of the spec's own. */
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { autocommit } from '../../database/transaction.js';
import type { Caller } from '../../identity/caller.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import type { ListCommand, ListView } from './define-list.js';
import { EVERYTHING } from './page-sql.js';
import { runList, type PageRequest } from './run-list.js';
import { raw } from './sql.js';

const root = { role: 'admin', accountId: 'a', domainId: 'd', domainPath: '/' } as Caller;
const shelf = z.object({ id: z.string(), name: z.string(), book: z.array(z.object({ title: z.string() })) });

/** Shelves with their books; shelf 3 is gone. */
const shelves: ListView = {
  command: { result: shelf, wrapper: 'shelf' } as unknown as ListCommand,
  table: 'shelf',
  where: "b.state <> 'gone'",
  columns: { id: 'b.id', name: 'b.name' },
  filters: { name: 'b.name' },
  children: [
    {
      field: 'book',
      columns: { title: 'k.title' },
      from: 'book k',
      parent: 'k.shelf_id',
      order: 'k.shelf_id, k.title',
    },
  ],
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const db = autocommit(database.source);
  await db.execute('CREATE TABLE shelf (id CHAR(36) PRIMARY KEY, name VARCHAR(20), state VARCHAR(20), KEY (name))');
  await db.execute('CREATE TABLE book (title VARCHAR(20), shelf_id CHAR(36), KEY (shelf_id))');
  const shelfRows = [1, 2, 3, 4, 5, 6].map((n) => [`s${n}`, n % 2 === 0 ? 'even' : 'odd', n === 3 ? 'gone' : 'here']);
  await db.execute('INSERT INTO shelf (id, name, state) VALUES ?', [shelfRows]);
  const bookRows = [1, 3, 4, 4, 6].map((n, i) => [`t${i}`, `s${n}`]);
  await db.execute('INSERT INTO book (title, shelf_id) VALUES ?', [bookRows]);
});
afterAll(() => database.drop());

async function read(page: PageRequest, params: Record<string, unknown> = {}, view = shelves, viewer = root) {
  const { items, ...rest } = await runList(autocommit(database.source), view, viewer, { params, page });
  const told = items.map((item) => {
    const { id, book } = item as z.infer<typeof shelf>;
    return [id, ...book.map(({ title }) => title)].join(' ');
  });
  return { told, ...rest };
}

const ALL = ['s1 t0', 's2', 's4 t2 t3', 's5', 's6 t4'];

describe.each([
  ['oldest first', shelves, ALL],
  ['newest first', { ...shelves, newestFirst: true }, [...ALL].reverse()],
])('a list, %s', (_name, view, all) => {
  it.each([
    ['whole', 1, 10, [0, 5]],
    ['a full page', 1, 2, [0, 2]],
    ['a later page', 2, 2, [2, 4]],
    ['the last page', 3, 2, [4, 5]],
    ['a page that ends with the list', 1, 5, [0, 5]],
    ['a page behind the end', 4, 2, [5, 5]],
    ['everything', 1, EVERYTHING, [0, 5]],
  ])('%s, with the total', async (_which, page, pageSize, [from, to]) => {
    expect(await read({ page, pageSize }, {}, view)).toEqual({ told: all.slice(from, to), count: 5 });
  });

  it('goes on after an id', async () => {
    const first = await read({ limit: 3 }, {}, view);
    expect(first).toEqual({ told: all.slice(0, 3), next: all[2]!.split(' ')[0] });
    expect(await read({ limit: 3, after: first.next! }, {}, view)).toEqual({ told: all.slice(3) });
  });
});

it('counts what a filter leaves, and gives it its own children', async () => {
  expect(await read({ page: 1, pageSize: 2 }, { name: 'even' })).toEqual({ told: ['s2', 's4 t2 t3'], count: 3 });
  expect(await read({ page: 1, pageSize: 10 }, { name: 'odd' })).toEqual({ told: ['s1 t0', 's5'], count: 2 });
  expect(await read({ page: 1, pageSize: 10 }, { name: 'none' })).toEqual({ told: [], count: 0 });
  expect(await read({ page: 2, pageSize: 10 }, { name: 'none' })).toEqual({ told: [], count: 0 });
});

describe('a list with what others share', () => {
  const odd = { ...root, role: 'domain-admin', domainPath: '/odd/' } as Caller;
  const shared = { ...shelves, scope: { domain: 'b.name', shared: () => raw("b.id IN ('s1', 's6')") } };
  beforeAll(() =>
    autocommit(database.source).execute(
      "INSERT INTO domain (id, name, path, display_path, created_at) VALUES ('odd', 'odd', '/odd/', 'odd', NOW(3))",
    ),
  );

  it.each([
    ['a page', 1, 2, ['s1 t0', 's5']],
    ['the last page', 2, 2, ['s6 t4']],
    ['everything', 1, EVERYTHING, ['s1 t0', 's5', 's6 t4']],
  ])('has each once in order: %s', async (_which, page, pageSize, told) => {
    expect(await read({ page, pageSize }, {}, shared, odd)).toEqual({ told, count: 3 });
  });

  it('goes on after an id, and takes filters with it', async () => {
    expect(await read({ limit: 1, after: 's1' }, {}, shared, odd)).toEqual({ told: ['s5'], next: 's5' });
    expect(await read({ page: 1, pageSize: 5 }, { name: 'even' }, shared, odd)).toEqual({ told: ['s6 t4'], count: 1 });
  });

  it('is nothing special to those who see everything', async () => {
    expect(await read({ page: 2, pageSize: 3 }, {}, shared)).toEqual({ told: ALL.slice(3), count: 5 });
  });
});

it('does not give a log whole', async () => {
  const { told } = await read({ page: 1, pageSize: EVERYTHING }, {}, { ...shelves, isLog: true });
  expect(told).toEqual(ALL);
});
