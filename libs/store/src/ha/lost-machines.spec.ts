/** Which operations are told that what they would ask of a lost host has no effect any more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { holdsDeadCopy } from './lost-machines.js';

const created_at = new Date();

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
}, 120_000);
afterAll(() => db?.drop());

interface Scene {
  readonly proven?: boolean;
  /** It waits for the machine still. */
  readonly waiting?: boolean;
  /** The host was taken back since. */
  readonly takenBack?: boolean;
  /** It asks another host. */
  readonly elsewhere?: boolean;
}

async function judge({ proven = true, waiting = false, takenBack = false, elsewhere = false }: Scene) {
  const [hostId, vmId, fencing, operationId] = [newId(), newId(), newId(), newId()];
  await insertRow(tx, 'lost_machine', {
    ...{ id: newId(), vm_id: vmId, host_id: hostId, operation_id: fencing, wants_restart: 1, priority: 5, attempts: 0 },
    ...{ proven_at: proven ? created_at : null, settled: 0, created_at },
  });
  const by = takenBack ? newId() : fencing;
  await insertRow(tx, 'host_fence', { host_id: hostId, operation_id: by, fence_epoch: 1, is_held_off: 0, created_at });
  await insertRow(tx, 'operation_lock', {
    ...{ operation_id: operationId, resource_type: 'virtual-machine', resource_id: vmId },
    ...{ mode: 'exclusive', seq: 1, waiting: waiting ? 1 : 0 },
  });
  return holdsDeadCopy(tx, { hostId: elsewhere ? newId() : hostId, operationId });
}

it.each<[string, Scene, boolean]>([
  ['its machine is proven dead there', {}, true],
  ['nothing is proven yet', { proven: false }, false],
  ['it waits for the machine', { waiting: true }, false],
  ['the host was taken back since', { takenBack: true }, false],
  ['it asks another host', { elsewhere: true }, false],
])('%s', async (_, scene, expected) => {
  expect(await judge(scene)).toBe(expected);
});
