/** A host that comes and goes is told of, once, and for as long as it does so. */
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { noteFall } from '@durastack/store/ha/ha-scene';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFlapping, raiseFlapping } from './flapping.js';

const created_at = new Date();
const NOBODY = newId();

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

async function aHost(name: string, enabled = 1): Promise<string> {
  const id = newId();
  await insertRow(tx, 'host', {
    ...{ id, name, zone_id: NOBODY, pod_id: NOBODY, cluster_id: NOBODY, hypervisor: 'Simulator' },
    ...{ state: 'Up', allocation_state: 'Enabled', created_at },
  });
  await insertRow(tx, 'host_ha', {
    ...{ id, provider: 'SimulatorHAProvider', enabled, state: 'Available', since: created_at, falls: 0, created_at },
  });
  return id;
}

async function fall(hostId: string, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await noteFall(tx, hostId);
    await raiseFlapping(tx, hostId);
  }
}

it('raises one alert at the third fall within ten minutes of one another, and none later', async () => {
  const [flaps, steady, unwatched] = [await aHost('flaps'), await aHost('steady'), await aHost('unwatched', 0)];
  await fall(flaps, 2);
  expect(await findFlapping(tx)).toEqual([]);
  await fall(flaps, 3);
  await fall(steady, 1);
  await fall(unwatched, 5);
  const alerts = await tx.query<{ id: string; text: string }>(
    'SELECT resource_id AS id, description AS text FROM alert WHERE open_key IS NOT NULL',
  );
  expect(alerts).toEqual([{ id: flaps, text: expect.stringMatching(/^Host flaps has fallen silent 3 times/) }]);
  expect((await findFlapping(tx)).map(({ key }) => key)).toEqual([`host-flaps:host/${flaps}`]);
  await tx.execute('UPDATE host_ha SET fell_at = NOW(3) - INTERVAL 601 SECOND WHERE id = ?', [flaps]);
  expect(await findFlapping(tx)).toEqual([]);
});
