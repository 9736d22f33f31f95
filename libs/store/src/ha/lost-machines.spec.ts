/** Which operations are told that what they would ask of a lost host has no effect any more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '../database/rows.js';
import { autocommit, type Tx } from '../database/transaction.js';
import { insertLostMachine, insertOperation } from '../testing/lost-machine-rows.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { copyOnLostHost } from './lost-machines.js';

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
  /** HA has asked for its start elsewhere, so often. */
  readonly attempts?: number;
  /** Why HA could not ask for it. */
  readonly reason?: string;
  readonly desired?: 'on' | 'off';
  /** How its fencing stands. */
  readonly fencingIs?: string;
}

async function judge(scene: Scene) {
  const { proven = true, waiting = false, takenBack = false, elsewhere = false, attempts = 0, reason = null } = scene;
  const [hostId, operationId] = [newId(), newId()];
  const fencing = await insertOperation(tx, {
    ...{ kind: 'failOverHost', resource_type: 'host', resource_id: hostId, state: scene.fencingIs ?? 'running' },
  });
  const lost = { host_id: hostId, operation_id: fencing, attempts, reason, ...(proven ? {} : { proven_at: null }) };
  const vmId = await insertLostMachine(tx, lost, { desired_power: scene.desired ?? 'on' });
  const by = takenBack ? newId() : fencing;
  await insertRow(tx, 'host_fence', { host_id: hostId, operation_id: by, fence_epoch: 1, is_held_off: 0, created_at });
  await insertRow(tx, 'operation_lock', {
    ...{ operation_id: operationId, resource_type: 'virtual-machine', resource_id: vmId },
    ...{ mode: 'exclusive', seq: 1, waiting: waiting ? 1 : 0 },
  });
  return copyOnLostHost(tx, { hostId: elsewhere ? newId() : hostId, operationId });
}

it.each<[string, Scene, 'dead' | 'awaited' | undefined]>([
  ['its start elsewhere was asked for', { attempts: 1 }, 'dead'],
  ['its start elsewhere was not asked for yet: that comes first', {}, 'awaited'],
  ['its start elsewhere could not be asked for', { reason: 'too much waits for it' }, 'dead'],
  ['it is not to be started', { desired: 'off' }, 'dead'],
  ['its fencing needs a person', { fencingIs: 'needs-attention' }, 'dead'],
  ['nothing is proven yet', { proven: false }, undefined],
  ['it waits for the machine', { waiting: true }, undefined],
  ['the host was taken back since', { takenBack: true }, undefined],
  ['it asks another host', { elsewhere: true }, undefined],
])('%s', async (_, scene, expected) => {
  expect(await judge(scene)).toBe(expected);
});
