import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

const GIB = 2 ** 30;

let t: TestApi;
let tx: Tx;
let place: Place;
let other: Place;
let tenant: TestAccount;
let things: Belongings;
let targetId: string;
let pools = 0;

beforeAll(async () => {
  t = await startTestApi();
  tx = autocommit(t.db.source);
  place = await makePlace(t);
  other = await makePlace(t);
  tenant = await t.account('owner');
});
afterAll(() => t.stop());
beforeEach(async () => {
  things = await makeBelongings(t, place, tenant);
  await tx.execute('DELETE FROM operation_lock');
  await tx.execute('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [things.vmId]);
  await tx.execute('UPDATE storage_pool SET host_id = NULL, cluster_id = NULL WHERE id = ?', [place.poolId]);
  targetId = await makePool({});
});

/** One more pool of the zone, that all its hosts reach. */
async function makePool(columns: Record<string, unknown>): Promise<string> {
  const id = newId();
  pools += 1;
  await insertRow(tx, 'storage_pool', {
    ...{ id, name: `fast-${pools}`, natural_key: `fast-${pools}`, zone_id: place.zoneId },
    ...{ kind: 'shared-mount-point', scope: 'ZONE', path: `/fast-${pools}`, state: 'Up', allocation_state: 'Enabled' },
    ...{ capacity_bytes: 100 * GIB, created_at: new Date(), ...columns },
  });
  return id;
}

const migrate = (params: Record<string, string> = {}) =>
  t.call('migrateVolume', { volumeid: things.volumeId, storageid: targetId, livemigrate: 'true', ...params });
async function refusal(params?: Record<string, string>): Promise<[number, string]> {
  const { status, body } = await migrate(params);
  return [status, String(body['errortext'])];
}
const nothingAccepted = async () =>
  expect(
    await tx.query("SELECT id FROM operation WHERE kind = 'migrateVolume' AND resource_id = ?", [things.volumeId]),
  ).toEqual([]);
const setVm = (state: string) => tx.execute('UPDATE virtual_machine SET state = ? WHERE id = ?', [state, things.vmId]);

describe('migrateVolume', () => {
  it('locks the volume, its machine and the pool, and says what is to be done', async () => {
    const { status, body } = await migrate();
    expect([status, typeof body['jobid']]).toEqual([200, 'string']);
    const locks = await tx.query<{ type: string; id: string; mode: string }>(
      'SELECT resource_type AS type, resource_id AS id, mode FROM operation_lock WHERE operation_id = ? ORDER BY resource_type',
      [body['jobid']],
    );
    expect(locks).toEqual([
      { type: 'storage-pool', id: targetId, mode: 'shared' },
      { type: 'virtual-machine', id: things.vmId, mode: 'exclusive' },
      { type: 'volume', id: things.volumeId, mode: 'exclusive' },
    ]);
    // Behind it another waits in order, whatever the machine will be then.
    expect((await migrate({ livemigrate: 'false' })).status).toBe(200);
  });

  it('moves the disk of a stopped machine without livemigrate, that of a running one with it', async () => {
    expect((await refusal({ livemigrate: 'false' }))[1]).toMatch(/is running: give livemigrate=true/);
    await nothingAccepted();
    await setVm('Stopped');
    expect((await migrate({ livemigrate: 'false' })).status).toBe(200);
  });

  it.each([
    ['its own pool', async () => place.poolId, /has the volume already/],
    ['a pool of another zone', async () => other.poolId, /is in another zone/],
    ['a pool that is not up', () => makePool({ state: 'Error' }), /is Error/],
    ['a pool that takes nothing new', () => makePool({ allocation_state: 'Disabled' }), /is disabled/],
    ['a pool that is full', () => makePool({ reserved_bytes: 200 * GIB }), /has no room/],
    [
      'a pool of another host',
      () => makePool({ host_id: newId(), scope: 'HOST' }),
      /is not reached by the host of vm-/,
    ],
    ['a pool that never was', async () => newId(), /entity does not exist/],
  ])('refuses %s before anything moves', async (_what, make, expected) => {
    const [status, text] = await refusal({ storageid: await make() });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toMatch(expected);
    await nothingAccepted();
  });

  it('refuses a host that is not up, a machine in error, a volume that does not exist yet, and nonsense', async () => {
    await tx.execute("UPDATE host SET state = 'Disconnected' WHERE id = ?", [place.hostId]);
    expect((await refusal())[1]).toMatch(/that host is not up/);
    await tx.execute("UPDATE host SET state = 'Up' WHERE id = ?", [place.hostId]);
    await setVm('Error');
    expect((await refusal())[1]).toMatch(/is Error; its disks can be moved while it is Running or Stopped/);
    await setVm('Stopped');
    await tx.execute("UPDATE volume SET state = 'Allocated' WHERE id = ?", [things.volumeId]);
    expect((await refusal())[1]).toMatch(/is Allocated: only a volume that exists/);
    expect((await refusal({ volumeid: newId() }))[1]).toMatch(/volumeid.*does not exist/);
    const nonsense: Record<string, string>[] = [{ volumeid: 'x' }, { storageid: '../etc' }, { livemigrate: 'perhaps' }];
    for (const params of nonsense) expect((await migrate(params)).status).toBe(431);
    expect((await refusal({ newdiskofferingid: newId() }))[1]).toMatch(/resizeVolume/);
    await nothingAccepted();
  });

  it('is for the root administrator', async () => {
    const params = { volumeid: things.volumeId, storageid: targetId };
    expect((await t.call('migrateVolume', params, tenant.keys)).status).toBe(432);
    expect((await t.call('findStoragePoolsForMigration', { id: things.volumeId }, tenant.keys)).status).toBe(432);
  });
});

describe('findStoragePoolsForMigration', () => {
  it('tells the pools of the zone, suitable ones first, and of each other why not', async () => {
    const full = await makePool({ reserved_bytes: 200 * GIB });
    const found = await t.ok<Record<string, unknown>[]>('findStoragePoolsForMigration', { id: things.volumeId });
    const byId = new Map(found.map((pool) => [pool['id'], pool]));
    expect(byId.has(place.poolId)).toBe(false);
    expect(byId.has(other.poolId)).toBe(false);
    expect(byId.get(targetId)).toMatchObject({ suitableformigration: true });
    expect(byId.get(targetId)).not.toHaveProperty('unsuitablereason');
    expect(byId.get(full)).toMatchObject({
      suitableformigration: false,
      unsuitablereason: expect.stringMatching(/has no room/),
    });
    const order = found.map((pool) => pool['suitableformigration']);
    expect(order).toEqual([...order].sort((a, b) => Number(b) - Number(a)));
    const named = await t.ok<unknown[]>('findStoragePoolsForMigration', { id: things.volumeId, keyword: 'no such' });
    expect(named).toEqual({});
  });

  it('shows where a volume is on its way, while it is', async () => {
    await tx.execute(
      `INSERT INTO volume_copy (volume_id, operation_id, source_pool_id, target_pool_id, host_id, created_at) VALUES (?, ?, ?, ?, ?, NOW(3))`,
      [things.volumeId, newId(), place.poolId, targetId, place.hostId],
    );
    const [volume] = await t.ok<Record<string, unknown>[]>('listVolumes', { id: things.volumeId });
    expect(volume).toMatchObject({ state: 'Migrating', storageid: place.poolId, templateid: things.templateId });
    await tx.execute('UPDATE volume SET template_id = NULL WHERE id = ?', [things.volumeId]);
    const [moved] = await t.ok<Record<string, unknown>[]>('listVolumes', { id: things.volumeId });
    expect(moved).toMatchObject({ templateid: things.templateId });
  });
});
