import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRow, insertRows } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { readWatchedHosts } from './ha-scene.js';

const SILENT_FOR_MS = 7_500;
const SILENT = 3_000;
const created_at = new Date();
const [zone_id, cluster_id] = [newId(), newId()];

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
  await insertRow(tx, 'zone', {
    ...{ id: zone_id, name: 'z', dns1: '192.0.2.53', internal_dns1: '192.0.2.53', network_type: 'Advanced' },
    ...{ allocation_state: 'Enabled', created_at },
  });
  await insertRow(tx, 'cluster', {
    ...{ id: cluster_id, name: 'c', zone_id, pod_id: zone_id, hypervisor: 'Simulator', created_at },
    ...{ allocation_state: 'Enabled' },
  });
}, 120_000);
afterAll(() => db?.drop());

interface Some {
  readonly silentS: number | undefined;
  readonly haState?: string;
  readonly enabled?: number;
}

async function hosts(names: readonly string[], { silentS, haState = 'Available', enabled = 1 }: Some): Promise<void> {
  const ids = names.map((name) => ({ id: newId(), name }));
  const heard = silentS === undefined ? null : new Date(Date.now() - silentS * 1_000);
  await insertRows(
    tx,
    'host',
    ids.map(({ id, name }) => ({
      ...{ id, name, zone_id, pod_id: zone_id, cluster_id, hypervisor: 'Simulator', state: 'Up' },
      ...{ allocation_state: 'Enabled', last_heartbeat_at: heard, created_at },
    })),
  );
  await insertRows(
    tx,
    'host_ha',
    ids.map(({ id }) => ({
      ...{ id, provider: 'SimulatorHAProvider', enabled, state: haState, since: created_at, falls: 0, created_at },
    })),
  );
}

it('gives every host that is silent or not at rest, however many, and no other', async () => {
  const silent = Array.from({ length: SILENT }, (_, index) => `silent-${index}`);
  await hosts(silent, { silentS: 60 });
  await hosts(['heard-again'], { silentS: 0, haState: 'Degraded' });
  await hosts(['heard'], { silentS: 0 });
  await hosts(['never-heard'], { silentS: undefined });
  await hosts(['not-looked-after'], { silentS: 60, enabled: 0 });
  const found = await readWatchedHosts(tx, SILENT_FOR_MS);
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set([...silent, 'heard-again']));
  expect(found.every(({ isEligible }) => isEligible)).toBe(true);
});
