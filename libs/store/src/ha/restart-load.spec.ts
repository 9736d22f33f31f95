/** What lost hosts know of each other when they start machines elsewhere. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { isRestarting, readRestartLoad } from './lost-machines.js';

const created_at = new Date();
const NOBODY = newId();
const STARTING = 3;

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

async function operation(row: Record<string, unknown>): Promise<string> {
  const id = newId();
  await insertRow(tx, 'operation', {
    ...{ id, resource_id: newId(), run: 1, summary: '', direction: 'past-pivot', account_id: NOBODY },
    ...{ domain_id: NOBODY, lifecycle_json: '{}', input_json: '{}', touched_at: created_at, created_at, ...row },
  });
  return id;
}

/** A host that is being failed over, with machines of these priorities, all proven dead. @returns its operation */
async function lostHost(stepIndex: number, priorities: readonly number[]): Promise<string> {
  const id = await operation({
    ...{ kind: 'failOverHost', resource_type: 'host', state: 'running', step_index: stepIndex },
  });
  for (const priority of priorities)
    await insertRow(tx, 'lost_machine', {
      ...{ id: newId(), vm_id: newId(), host_id: newId(), operation_id: id, wants_restart: 1, priority, attempts: 0 },
      ...{ proven_at: created_at, settled: 0, created_at },
    });
  return id;
}

it('counts starts, and names the most important machine of each other host that is at starting them', async () => {
  const operationId = await lostHost(STARTING, [9]);
  const other = await lostHost(STARTING, [3, 5, 4]);
  await lostHost(STARTING, [2]);
  await lostHost(STARTING - 1, [8]);
  const start = { kind: 'failOverVirtualMachine', resource_type: 'virtual-machine' };
  expect(await isRestarting(tx)).toBe(false);
  for (const state of ['queued', 'running', 'succeeded'])
    for (const parent_id of [operationId, other, other]) await operation({ ...start, state, parent_id });
  expect(await isRestarting(tx)).toBe(true);
  const { elsewhere, ...load } = await readRestartLoad(tx, { operationId, index: STARTING });
  expect(load).toEqual({ here: 2, everywhere: 6 });
  expect(elsewhere.toSorted((a, b) => a - b)).toEqual([2, 5]);
});
