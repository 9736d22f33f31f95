import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { autocommit, transaction, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { ACCOUNTS, grantForgotten, readLoad, readStartable, readStartableAccounts } from './dispatch.js';

const ROWS = 100_000;
const DOUBLINGS = 5;
/** Of the accounts, the first has most of the rows; the last has one, accepted last. */
const accounts = Array.from({ length: 40 }, newId).sort();
const [crowd, small] = [accounts[0]!, accounts.at(-1)!];

let database: TestDatabase;
let db: Tx;
beforeAll(async () => {
  database = await createTestDatabase();
  db = autocommit(database.source);
  for (const id of accounts) {
    await db.execute(
      "INSERT INTO account (id, domain_id, name, role, role_id, state, created_at) VALUES (?, ?, ?, 'user', '01e00000-0000-4000-8000-000000000004', 'enabled', NOW(3))",
      [id, id, id],
    );
  }
  const insert = `INSERT INTO operation (id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id,
       lifecycle_json, input_json, created_at, touched_at)`;
  const values =
    "(UUID(), 'k', 'granted', 1, 'forward', 'virtual-machine', UUID(), 's', ?, ?, '{}', '{}', NOW(3), NOW(3))";
  const first = Array.from({ length: ROWS / 2 ** DOUBLINGS }, (_, at) =>
    at % 5 === 0 ? accounts[1 + ((at / 5) % 38)]! : crowd,
  );
  await db.execute(
    `${insert} VALUES ${first.map(() => values).join(', ')}`,
    first.flatMap((id) => [id, id]),
  );
  for (let doubling = 0; doubling < DOUBLINGS; doubling += 1) {
    await db.execute(`${insert} SELECT UUID(), kind, state, run, direction, resource_type, UUID(), summary, account_id, domain_id,
       lifecycle_json, input_json, created_at, touched_at FROM operation`);
  }
  await db.execute(`${insert} VALUES ${values}`, [small, small]);
  await db.query('ANALYZE TABLE operation');
}, 120_000);
afterAll(() => database.drop());

const startable = (perAccount: number, fullHosts: readonly string[] = []) =>
  transaction(database.source, async (tx) =>
    readStartable(tx, { accounts: await readStartableAccounts(tx, ''), perAccount, fullHosts }),
  );

/** How many rows the storage engine was asked for. */
async function rowsRead(body: (tx: Tx) => Promise<unknown>): Promise<number> {
  return transaction(database.source, async (tx) => {
    await tx.query('FLUSH STATUS');
    await body(tx);
    const counters = await tx.query<{ Variable_name: string; Value: string }>(
      "SHOW SESSION STATUS LIKE 'Handler_read%'",
    );
    return counters.reduce((sum, { Value }) => sum + Number(Value), 0);
  });
}

describe('the dispatcher over 100,000 granted operations', () => {
  it('sees the first few of every account, in order of acceptance, the small one with them', async () => {
    const rows = await startable(10);
    const perAccount = new Map<string, number>();
    for (const { accountId } of rows) perAccount.set(accountId, (perAccount.get(accountId) ?? 0) + 1);
    expect(perAccount.size).toBe(accounts.length);
    expect(perAccount.get(crowd)).toBe(10);
    expect(perAccount.get(small)).toBe(1);
    const seqs = rows.map((row) => Number((row as unknown as { seq: number }).seq));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it('reads about as many rows as it returns', async () => {
    expect(await rowsRead((tx) => readStartableAccounts(tx, ''))).toBeLessThan(2_000);
    const reads = await rowsRead((tx) => readStartable(tx, { accounts, perAccount: 10, fullHosts: [] }));
    expect(reads).toBeLessThan(5_000);
    expect(await rowsRead(readLoad)).toBeLessThan(1_000);
  });

  it('goes on behind the accounts that it has seen', async () => {
    expect(await readStartableAccounts(db, accounts[37]!)).toEqual(accounts.slice(38));
    expect(await readStartableAccounts(db, small)).toEqual([]);
    expect(ACCOUNTS).toBeGreaterThan(accounts.length);
  });

  it('passes over what is on a full host, however much there is of it', async () => {
    const [hostId, vmId] = [newId(), newId()];
    const [first] = await startable(1);
    await db.execute(
      `INSERT INTO virtual_machine (id, name, display_name, instance_name, account_id, domain_id, zone_id, template_id, service_offering_id, cpu_count, cpu_mhz,
         memory_mib, state, desired_power, observed_power, host_id, created_at) VALUES (?, 'v', 'v', ?, ?, ?, ?, ?, ?, 1, 1, 1, 'Running', 'on', 'running', ?, NOW(3))`,
      [vmId, vmId, crowd, crowd, newId(), newId(), newId(), hostId],
    );
    const moved = await db.execute(
      "UPDATE operation SET resource_id = ? WHERE account_id = ? AND state = 'granted' ORDER BY seq LIMIT 300",
      [vmId, crowd],
    );
    expect(moved.affectedRows).toBe(300);
    const onHost = (await startable(5)).filter((row) => row.accountId === crowd);
    expect(onHost.map((row) => row.hostId)).toEqual([hostId, hostId, hostId, hostId, hostId]);
    const others = (await startable(5, [hostId])).filter((row) => row.accountId === crowd);
    expect(others).toHaveLength(5);
    expect(others.map(({ id }) => id)).not.toContain(first?.id);
    expect(others.every((row) => row.hostId === null)).toBe(true);
  });

  it('does not let what starts a machine elsewhere wait for the host that it was on', async () => {
    const [waiting] = await db.query<{ id: string; hostId: string }>(
      `SELECT o.id, v.host_id AS hostId FROM operation o JOIN virtual_machine v ON v.id = o.resource_id ORDER BY o.seq LIMIT 1`,
    );
    await db.execute("UPDATE operation SET kind = 'failOverVirtualMachine' WHERE id = ?", [waiting!.id]);
    const rows = await startable(5, [waiting!.hostId]);
    expect(rows.find(({ id }) => id === waiting!.id)).toMatchObject({ hostId: null });
  });

  it('looks for what was forgotten in parts', async () => {
    await db.execute("UPDATE operation SET state = 'queued' WHERE account_id = ?", [small]);
    await db.execute("UPDATE operation SET state = 'queued' WHERE account_id = ? ORDER BY seq LIMIT 2500", [crowd]);
    let [granted, calls, next] = [0, 0, 0];
    do {
      const part = await grantForgotten(database.source, next);
      granted += part.granted;
      next = part.nextSeq;
      calls += 1;
    } while (next !== 0);
    expect([granted, calls]).toEqual([2_501, 3]);
  });
});
