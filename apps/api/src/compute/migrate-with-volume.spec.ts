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
let tenant: TestAccount;
let things: Belongings;
/** Another host of the zone, and its own pool. */
let hostId: string;
let poolId: string;
let made = 0;

beforeAll(async () => {
  t = await startTestApi();
  tx = autocommit(t.db.source);
  place = await makePlace(t);
  tenant = await t.account('owner');
  hostId = await makeHost();
});
afterAll(() => t.stop());
beforeEach(async () => {
  things = await makeBelongings(t, place, tenant);
  await tx.execute('DELETE FROM operation_lock');
  await tx.execute('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [things.vmId]);
  await tx.execute("UPDATE storage_pool SET host_id = ?, cluster_id = NULL, scope = 'HOST' WHERE id = ?", [
    place.hostId,
    place.poolId,
  ]);
  await tx.execute("UPDATE storage_pool SET allocation_state = 'Disabled' WHERE id <> ?", [place.poolId]);
  poolId = await makePool({ host_id: hostId, scope: 'HOST' });
});

/** As the place's host, and beside it. */
async function makeHost(): Promise<string> {
  const [row] = await tx.query<Record<string, unknown>>('SELECT * FROM host WHERE id = ?', [place.hostId]);
  const id = newId();
  const own = { id, name: `beside-${id}`, natural_key: id, cpu_mhz_reserved: 0, memory_mib_reserved: 0 };
  await insertRow(tx, 'host', { ...row, ...own });
  return id;
}

async function makePool(columns: Record<string, unknown>): Promise<string> {
  const id = newId();
  made += 1;
  await insertRow(tx, 'storage_pool', {
    ...{ id, name: `own-${made}`, natural_key: `own-${made}`, zone_id: place.zoneId },
    ...{ kind: 'directory', scope: 'ZONE', path: `/own-${made}`, state: 'Up', allocation_state: 'Enabled' },
    ...{ capacity_bytes: 100 * GIB, created_at: new Date(), ...columns },
  });
  return id;
}

const full = () => makePool({ host_id: hostId, scope: 'HOST', reserved_bytes: 200 * GIB });
const to = (pool: string, volume = things.volumeId) => ({
  'migrateto[0].volume': volume,
  'migrateto[0].pool': pool,
});
const move = (params: Record<string, string>, keys?: TestAccount['keys']) =>
  t.call('migrateVirtualMachineWithVolume', { virtualmachineid: things.vmId, ...params }, keys);
const refusal = async (params: Record<string, string>) => String((await move(params)).body['errortext']);
const setVm = (state: string) => tx.execute('UPDATE virtual_machine SET state = ? WHERE id = ?', [state, things.vmId]);
const ACCEPTED = "kind = 'migrateVirtualMachineWithVolume' AND resource_id = ?";
const nothingAccepted = async () =>
  expect(await tx.query(`SELECT id FROM operation WHERE ${ACCEPTED}`, [things.vmId])).toEqual([]);

describe('migrateVirtualMachineWithVolume', () => {
  it('locks the machine, its disks, host and pools, and says what is to be done', async () => {
    const { status, body } = await move({ hostid: hostId, ...to(poolId) });
    expect([status, body['errortext']]).toEqual([200, undefined]);
    const locks = await tx.query<{ type: string; id: string; mode: string }>(
      'SELECT resource_type AS type, resource_id AS id, mode FROM operation_lock WHERE operation_id = ?',
      [body['jobid']],
    );
    expect(locks).toEqual(
      expect.arrayContaining([
        { type: 'virtual-machine', id: things.vmId, mode: 'exclusive' },
        { type: 'volume', id: things.volumeId, mode: 'exclusive' },
        { type: 'host', id: hostId, mode: 'shared' },
        { type: 'storage-pool', id: poolId, mode: 'shared' },
      ]),
    );
    // Behind it another waits in order, whatever the machine will be then.
    expect((await move({ autoselect: 'true' })).status).toBe(200);
  });

  it('chooses pool and host where none is named', async () => {
    expect(await refusal({ hostid: hostId })).toBe('undefined');
  });

  it.each([
    ['nothing', async () => ({}), /Name a host/],
    ['a host and autoselect', async () => ({ hostid: hostId, autoselect: 'true' }), /either/],
    ['its own host', async () => ({ hostid: place.hostId }), /runs the machine already/],
    ['a host that never was', async () => ({ hostid: newId() }), /host.*does not exist/],
    ['a pool that never was', async () => ({ hostid: hostId, ...to(newId()) }), /does not exist/],
    ['a disk of nobody', async () => ({ hostid: hostId, ...to(poolId, newId()) }), /is none of vm-/],
    ['a text for an id', async () => ({ hostid: hostId, ...to('../etc') }), /migrateto\[0\]\.pool is not an id/],
    [
      'a disk twice',
      async () => ({ ...to(poolId), 'migrateto[1].volume': things.volumeId, 'migrateto[1].pool': poolId }),
      /once more/,
    ],
    ['something else in the map', async () => ({ ...to(poolId), 'migrateto[0].host': hostId }), /has a host/],
    [
      'a pool that the host does not reach',
      async () => ({ hostid: hostId, ...to(await makePool({ host_id: newId(), scope: 'HOST' })) }),
      /does not reach the pool that was asked for/,
    ],
    [
      'a pool of another zone',
      async () => ({ hostid: hostId, ...to((await makePlace(t)).poolId) }),
      /is in another zone/,
    ],
    [
      'a pool that is full',
      async () => ({ hostid: hostId, ...to(await makePool({ host_id: hostId, reserved_bytes: 200 * GIB })) }),
      /no pool with room/,
    ],
    [
      'a pool that is not up',
      async () => ({ hostid: hostId, ...to(await makePool({ host_id: hostId, state: 'Error' })) }),
      /which is Error/,
    ],
  ])('refuses %s before anything moves', async (_what, params, expected) => {
    expect(await refusal(await params())).toMatch(expected);
    await nothingAccepted();
  });

  it('refuses a host without a pool for the disk, a full one, and one that is not up', async () => {
    await tx.execute("UPDATE storage_pool SET allocation_state = 'Disabled' WHERE id = ?", [poolId]);
    expect(await refusal({ hostid: hostId })).toMatch(/reaches no pool that is up/);
    await tx.execute("UPDATE storage_pool SET allocation_state = 'Enabled' WHERE id = ?", [poolId]);
    await tx.execute('UPDATE host SET memory_mib_reserved = memory_mib WHERE id = ?', [hostId]);
    const full = await move({ hostid: hostId });
    expect(String(full.body['errortext'])).toMatch(/memory free/);
    await tx.execute("UPDATE host SET memory_mib_reserved = 0, state = 'Disconnected' WHERE id = ?", [hostId]);
    expect(await refusal({ hostid: hostId })).toMatch(/is Disconnected/);
    await tx.execute("UPDATE host SET state = 'Up' WHERE id = ?", [hostId]);
    await nothingAccepted();
  });

  it('moves the disks alone of a stopped machine, where one host copies and one can start it then', async () => {
    await setVm('Stopped');
    await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [things.vmId]);
    expect(await refusal({ autoselect: 'true' })).toMatch(/name a host .*or its disks and their pools/);
    expect(await refusal({ hostid: place.hostId })).toMatch(/is reached by the host .*: start it there/);
    expect(await refusal(to(place.poolId))).toMatch(/is on the pool that is named for it/);
    expect(await refusal(to(await makePool({ reserved_bytes: 200 * GIB })))).toMatch(/bytes free/);
    const shared = await makePool({});
    expect(await refusal(to(shared))).toBe('undefined');
    const [operation] = await tx.query<{ lifecycle: string }>(
      `SELECT lifecycle_json AS lifecycle FROM operation WHERE ${ACCEPTED}`,
      [things.vmId],
    );
    expect(operation?.lifecycle).toBe('{}');
  });

  describe('of a stopped machine on the own pool of a host', () => {
    beforeEach(async () => {
      await setVm('Stopped');
      await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [things.vmId]);
    });

    it.each([
      ['to the own pool of another', async () => to(poolId)],
      ['to another, wherever there is room', async () => ({ hostid: hostId })],
      ['to another, to the pool that is named', async () => ({ hostid: hostId, ...to(poolId) })],
    ])('sends it %s', async (_what, params) => {
      const { status, body } = await move(await params());
      expect([status, body['errortext']]).toEqual([200, undefined]);
    });

    it.each([
      ['a pool that is full', async () => to(await full()), /bytes free/],
      ['a pool of another zone', async () => to((await makePlace(t)).poolId), /is in another zone/],
      [
        'a pool of a host that is not there',
        async () => to(await makePool({ host_id: newId(), scope: 'HOST' })),
        /no host that is up reaches the pool/,
      ],
      [
        'a pool that the host that is named does not reach',
        async () => ({ hostid: hostId, ...to(await makePool({ host_id: newId(), scope: 'HOST' })) }),
        /does not reach the pool that was asked for/,
      ],
      [
        'a full pool of the host that is named',
        async () => ({ hostid: hostId, ...to(await full()) }),
        /no pool with room/,
      ],
      ['a host of another zone', async () => ({ hostid: (await makePlace(t)).hostId }), /is not in use in the machine/],
    ])('refuses %s before anything moves', async (_what, params, expected) => {
      expect(await refusal(await params())).toMatch(expected);
      await nothingAccepted();
    });

    it('refuses while one of the two hosts is not up', async () => {
      for (const [id, given] of [
        [place.hostId, to(poolId)],
        [hostId, to(poolId)],
        [hostId, { hostid: hostId }],
      ] as const) {
        await tx.execute("UPDATE host SET state = 'Disconnected' WHERE id = ?", [id]);
        expect(await refusal(given)).toMatch(/no host that is up reaches|is Disconnected/);
        await tx.execute("UPDATE host SET state = 'Up' WHERE id = ?", [id]);
      }
      await nothingAccepted();
    });
  });

  it('refuses a machine in another state, and everybody but the root administrator', async () => {
    await setVm('Error');
    expect(await refusal({ hostid: hostId })).toMatch(/is Error; it can be moved/);
    expect((await move({ hostid: hostId }, tenant.keys)).status).toBe(432);
    await nothingAccepted();
  });
});
