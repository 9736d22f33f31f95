/** Which machines of all lost hosts are started elsewhere next. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { isRestarting, noteAttempt, readFirstStarts, readStartsUnderWay } from './lost-machines.js';

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
  const [id, host_id] = [
    await operation({ kind: 'failOverHost', resource_type: 'host', state: 'running', step_index: stepIndex }),
    newId(),
  ];
  for (const priority of priorities) {
    const vmId = newId();
    await insertRow(tx, 'virtual_machine', {
      ...{ id: vmId, name: vmId, display_name: vmId, instance_name: vmId, account_id: NOBODY, domain_id: NOBODY },
      ...{ zone_id: NOBODY, host_id, template_id: NOBODY, service_offering_id: NOBODY, cpu_count: 1, cpu_mhz: 500 },
      ...{
        memory_mib: 64,
        state: 'Running',
        desired_power: 'on',
        observed_power: 'running',
        display_vm: 1,
        created_at,
      },
    });
    await insertRow(tx, 'lost_machine', {
      ...{ id: newId(), vm_id: vmId, host_id, operation_id: id, wants_restart: 1, priority, attempts: 0 },
      ...{ proven_at: created_at, settled: 0, created_at },
    });
  }
  return id;
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
  expect(await isRestarting(tx)).toBe(false);
  for (const state of ['queued', 'running', 'succeeded'])
    for (const parent_id of [one, other, other])
      await operation({ kind: 'failOverVirtualMachine', resource_type: 'virtual-machine', state, parent_id });
  expect(await isRestarting(tx)).toBe(true);
  expect(Object.fromEntries(await readStartsUnderWay(tx))).toEqual({ [one]: 2, [other]: 4 });
});
