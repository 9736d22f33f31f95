/** Which machines of all lost hosts are started elsewhere next. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit, type Tx } from '../database/transaction.js';
import { insertLostMachine, insertOperation } from '../testing/lost-machine-rows.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { isRestarting, noteAttempt, readFirstStarts, readStartsUnderWay } from './lost-machines.js';

const STARTING = 3;

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

/** A host that is being failed over, with machines of these priorities, all proven dead. */
async function lostHost(stepIndex: number, priorities: readonly number[]): Promise<void> {
  const host = { kind: 'failOverHost', resource_type: 'host', state: 'running', step_index: stepIndex };
  const of = { host_id: newId(), operation_id: await insertOperation(tx, host) };
  for (const priority of priorities) await insertLostMachine(tx, { ...of, priority });
}

it('those of hosts that have come to starting them, and each of them once', async () => {
  await lostHost(STARTING, [3, 5]);
  await lostHost(STARTING, [4]);
  await lostHost(STARTING - 1, [8]);
  const found = await readFirstStarts(tx, STARTING);
  expect(found.map(({ priority }) => priority).toSorted((a, b) => a - b)).toEqual([3, 4, 5]);
  const top = found.find(({ priority }) => priority === 5)!;
  expect(await noteAttempt(tx, top)).toBe(true);
  expect(await noteAttempt(tx, top)).toBe(false);
  expect((await readFirstStarts(tx, STARTING)).map(({ id }) => id)).not.toContain(top.id);
});

it('starts that are under way are counted by the operation that asked for them', async () => {
  const [one, other] = [newId(), newId()];
  const start = { kind: 'failOverVirtualMachine', resource_type: 'virtual-machine' };
  for (const state of ['queued', 'running', 'succeeded'])
    for (const parent_id of [one, other, other]) await insertOperation(tx, { ...start, state, parent_id });
  expect(Object.fromEntries(await readStartsUnderWay(tx))).toEqual({ [one]: 2, [other]: 4 });
});

it.each([
  ['failOverHost', 'queued', 0, true],
  ['failOverVirtualMachine', 'running', 9, true],
  ['failOverHost', 'running', 11, false],
  ['failOverHost', 'needs-attention', 0, false],
  ['failOverVirtualMachine', 'succeeded', 0, false],
  ['startVirtualMachine', 'running', 0, false],
])('%s, %s, for %i minutes: other things wait: %s', async (kind, state, minutes, waits) => {
  await tx.execute("UPDATE operation SET state = 'succeeded'");
  const created_at = new Date(Date.now() - minutes * 60_000);
  await insertOperation(tx, { kind, state, resource_type: 'host', created_at });
  expect(await isRestarting(tx)).toBe(waits);
});
