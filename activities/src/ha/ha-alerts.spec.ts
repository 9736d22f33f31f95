/** However many machines of a lost host wait, its alerts are few. */
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { insertLostMachine } from '@durastack/store/testing/lost-machine-rows';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findWaiting, raiseHaAlerts } from './ha-alerts.js';

const created_at = new Date();
const NOBODY = newId();

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

async function aLostHost(name: string): Promise<string> {
  const id = newId();
  await insertRow(tx, 'host', {
    ...{ id, name, zone_id: NOBODY, pod_id: NOBODY, cluster_id: NOBODY, hypervisor: 'Simulator' },
    ...{ state: 'Disconnected', allocation_state: 'Enabled', created_at },
  });
  return id;
}

async function aLostMachine(
  hostId: string,
  { name, priority = 5, proven = false }: { name: string; priority?: number; proven?: boolean },
): Promise<void> {
  const lost = { host_id: hostId, operation_id: hostId, priority, attempts: 1 };
  const reason = proven ? 'no room' : `no proof of ${name}`;
  await insertLostMachine(tx, { ...lost, proven_at: proven ? created_at : null, reason }, { name });
}

const alertsOf = async (hostId: string) =>
  (
    await tx.query<{ text: string }>(
      'SELECT description AS text FROM alert WHERE resource_id = ? AND open_key IS NOT NULL ORDER BY description',
      [hostId],
    )
  ).map(({ text }) => text);

it('raises one alert for all that lack proof and one for all that lack room, with the most important reason', async () => {
  const host = await aLostHost('h1');
  for (let index = 0; index < 7; index += 1) await aLostMachine(host, { name: `web-${index}` });
  await aLostMachine(host, { name: 'db', priority: 10 });
  await aLostMachine(host, { name: 'cache', proven: true });
  const other = await aLostHost('h2');
  await aLostMachine(other, { name: 'alone' });
  for (let round = 0; round < 3; round += 1) await raiseHaAlerts(tx, host);
  expect(await alertsOf(host)).toEqual([
    '8 machines (db, web-0, web-1, web-2, web-3, …) were on h1, which is lost, and wait: no proof of db',
    'cache was on h1, which is lost, and waits: no room',
  ]);
  expect(await alertsOf(other)).toEqual([]);
  expect((await findWaiting(tx)).map(({ id }) => id)).toEqual([
    `machine-without-proof:host/${host}`,
    `machine-without-proof:host/${other}`,
    `machine-without-room:host/${host}`,
  ]);
});
