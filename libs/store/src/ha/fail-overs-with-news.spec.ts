/** Which fail-overs of hosts have something to do about the starts that they asked for, and which is to ask for more. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { autocommit, type Tx } from '../database/transaction.js';
import { insertLostMachine, insertOperation } from '../testing/lost-machine-rows.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { readAsker, readFailOversWithNews } from './lost-machines.js';

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

interface Machine {
  /** How the starts that were asked for stand, in their order. */
  readonly starts?: readonly string[];
  readonly reason?: string;
  readonly settled?: boolean;
}

async function hasNews(machines: readonly Machine[], state = 'running'): Promise<boolean> {
  const host_id = newId();
  const host = { resource_type: 'host', resource_id: host_id };
  const operation_id = await insertOperation(tx, { kind: 'failOverHost', state, ...host });
  let child_index = 0;
  for (const { starts = [], reason = null, settled = false } of machines) {
    const lost = { host_id, operation_id, attempts: starts.length, reason, settled: settled ? 1 : 0 };
    const vmId = await insertLostMachine(tx, lost);
    for (const start of starts) {
      const child = { parent_id: operation_id, child_index, resource_type: 'virtual-machine', resource_id: vmId };
      await insertOperation(tx, { kind: 'failOverVirtualMachine', state: start, ...child });
      child_index += 1;
    }
  }
  return (await readFailOversWithNews(tx)).some(({ id }) => id === operation_id);
}

it.each<[string, readonly Machine[], boolean]>([
  ['the last start has succeeded', [{ starts: ['succeeded'] }, { starts: ['failed', 'succeeded'] }], true],
  ['one has, others were settled before', [{ starts: ['succeeded'] }, { settled: true }], true],
  ['one has, another one goes on', [{ starts: ['succeeded'] }, { starts: ['running'] }], false],
  ['one has, another one was not asked for yet', [{ starts: ['succeeded'] }, {}], false],
  ['one has failed, others go on', [{ starts: ['failed'] }, { starts: ['running'] }, {}], true],
  ['one has failed again, others go on', [{ starts: ['failed', 'failed'] }, { starts: ['granted'] }], true],
  ['one has failed, which is known', [{ starts: ['failed'], reason: 'no room' }, { starts: ['queued'] }], false],
  ['one that had failed is tried again', [{ starts: ['failed', 'running'] }], false],
  ['all were settled', [{ starts: ['succeeded'], settled: true }], false],
  ['nothing was on the host', [], false],
])('%s: %s → %s', async (_, machines, expected) => {
  expect(await hasNews(machines)).toBe(expected);
});

it('is none for what waits for a person', async () => {
  expect(await hasNews([{ starts: ['succeeded'] }], 'needs-attention')).toBe(false);
});

it('asks by the one that has come furthest, while there is a machine that was not asked for', async () => {
  await tx.execute("UPDATE operation SET state = 'succeeded' WHERE kind = 'failOverHost'", []);
  const failOver = (step_index: number) =>
    insertOperation(tx, { kind: 'failOverHost', state: 'running', step_index, resource_type: 'host' });
  const [early, late, later] = [await failOver(1), await failOver(3), await failOver(3)];
  expect(await readAsker(tx)).toBeUndefined();
  await insertLostMachine(tx, { host_id: newId(), operation_id: later, attempts: 1 });
  await insertLostMachine(tx, { host_id: newId(), operation_id: later, proven_at: null });
  await insertLostMachine(tx, { host_id: newId(), operation_id: later, wants_restart: 0 });
  expect(await readAsker(tx)).toBeUndefined();
  await insertLostMachine(tx, { host_id: newId(), operation_id: early });
  expect(await readAsker(tx)).toMatchObject({ id: [late, later].toSorted()[0], run: 1 });
});
