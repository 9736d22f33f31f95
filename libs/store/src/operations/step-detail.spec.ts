import type { StepRef } from '@durastack/contracts/operations/step';
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { autocommit } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { readSuspects } from './dispatch.js';
import { noteDetail } from './step-detail.js';

const id = newId();
const step: StepRef = {
  ...{ operationId: id, run: 1, generation: 1, controlEpoch: 1, direction: 'forward' },
  ...{ index: 2, tokenStep: 3, title: 'Wait', count: 4 },
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await autocommit(database.source).execute(
    `INSERT INTO operation (id, kind, state, run, direction, step_index, resource_type, resource_id, summary, account_id, domain_id,
       lifecycle_json, input_json, created_at, touched_at)
     VALUES (?, 'k', 'running', 1, 'forward', 2, 'host', UUID(), 's', UUID(), UUID(), '{}', '{}', NOW(3), NOW(3))`,
    [id],
  );
});
afterAll(() => database.drop());

/** Whether it is looked up in Temporal, after nothing was heard of it for so long. */
async function isSuspectAfter(ms: number): Promise<boolean> {
  const db = autocommit(database.source);
  await db.execute('UPDATE operation SET touched_at = touched_at - INTERVAL ? MICROSECOND', [ms * 1_000]);
  return (await readSuspects(db)).some((one) => one.id === id);
}

it('an operation of which nothing is heard is looked up, unless its step has said for how long it rests', async () => {
  expect(await isSuspectAfter(20_000)).toBe(true);
  await noteDetail(database.source, step, 'waits');
  expect(await isSuspectAfter(5_000)).toBe(false);
  expect(await isSuspectAfter(5_000)).toBe(true);
  await noteDetail(database.source, step, 'waits for longer', { quietMs: 30_000 });
  expect(await isSuspectAfter(20_000)).toBe(false);
  expect(await isSuspectAfter(20_000)).toBe(true);
});

it('what an earlier step says is not written', async () => {
  await noteDetail(database.source, { ...step, index: 1 }, 'late');
  const [row] = await autocommit(database.source).query('SELECT step_detail AS detail FROM operation WHERE id = ?', [
    id,
  ]);
  expect(row).toEqual({ detail: 'waits for longer' });
});
