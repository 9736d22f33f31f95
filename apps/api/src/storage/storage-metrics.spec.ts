/** Space of pools and disks in the units that people read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let place: Place;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

describe('listStoragePoolsMetrics', () => {
  const setPool = (columns: string) =>
    t.db.source.query(`UPDATE storage_pool SET ${columns} WHERE id = ?`, [place.poolId]);
  const metrics = async (params: Record<string, string> = {}) => (await t.call('listStoragePoolsMetrics', params)).body;

  it('lists as listStoragePools does, with its space', async () => {
    await setPool('used_bytes = 25e10, reserved_bytes = 3e11');
    const [plain] = await t.ok<Row[]>('listStoragePools', { id: place.poolId });
    const space = {
      disksizetotalgb: '931.32 GiB (x2)',
      disksizeusedgb: '232.83 GiB',
      disksizeallocatedgb: '279.40 GiB',
      disksizeunallocatedgb: '1583.25 GiB',
    };
    expect(await metrics()).toEqual({ count: 1, storagepool: [{ ...plain, ...space }] });
    expect(await metrics({ scope: 'HOST' })).toEqual({});
  });

  it('has no less than nothing to give where more is given out than is offered now', async () => {
    await setPool('overprovisioning = 0.25');
    expect(await metrics()).toMatchObject({ storagepool: [{ disksizeunallocatedgb: '0.00 GiB' }] });
  });
});

describe('listVolumesMetrics', () => {
  const metrics = async (params: Record<string, string> = {}, keys = alice.keys) =>
    (await t.call('listVolumesMetrics', params, keys)).body;

  it('lists as listVolumes does, to each what it may see', async () => {
    await t.db.source.query('UPDATE volume SET size_bytes = 20 * 1073741824 WHERE id = ?', [own.volumeId]);
    for (const keys of [alice.keys, t.admin]) {
      const [plain] = await t.ok<Row[]>('listVolumes', { id: own.volumeId }, keys);
      expect(await metrics({ id: own.volumeId }, keys)).toEqual({
        count: 1,
        volume: [{ ...plain, sizegb: '20.00 GiB' }],
      });
    }
    const [ofUser] = (await metrics())['volume'] as Row[];
    expect(ofUser).not.toHaveProperty('storage');
    expect(await metrics({ listall: 'true' }, bob.keys)).toEqual({});
    expect(await metrics({ id: own.volumeId }, bob.keys)).toEqual({});
    expect(await metrics({ type: 'DATADISK' })).toEqual({});
  });
});
