import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let belongings: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  belongings = await makeBelongings(t, place, await t.account('alice'));
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>) =>
  String((await t.call(command, params)).body['errortext'] ?? '');
/** The pool that a command's job came to. */
async function pool(command: string): Promise<Row> {
  const { body } = await t.call(command, { id: place.poolId });
  const job = await t.ok<Row>('queryAsyncJobResult', { jobid: String(body['jobid']) });
  return (job['jobresult'] as { storagepool: Row }).storagepool;
}
const machine = (state: string, desired: string) =>
  autocommit(t.db.source).execute('UPDATE virtual_machine SET state = ?, desired_power = ? WHERE id = ?', [
    state,
    desired,
    belongings.vmId,
  ]);

describe('maintenance of a storage pool', () => {
  it.each([
    ['runs', 'Running', 'on'],
    ['is being moved', 'Migrating', 'on'],
    ['is to be started', 'Stopped', 'on'],
    ['is not stopped yet', 'Stopping', 'off'],
  ])('is refused while a machine on it %s', async (_what, state, desired) => {
    await machine(state, desired);
    expect(await errorOf('enableStorageMaintenance', { id: place.poolId })).toMatch(/run or are about to: .+Stop them/);
    expect(await t.ok('listStoragePools', { id: place.poolId })).toMatchObject([{ state: 'Up' }]);
  });

  it('closes it to everything that needs its disks, until it is cancelled', async () => {
    await machine('Stopped', 'off');
    expect(await pool('enableStorageMaintenance')).toMatchObject({ id: place.poolId, state: 'Maintenance' });
    expect(await pool('enableStorageMaintenance')).toMatchObject({ state: 'Maintenance' });
    const closed = /storage pool pool, which is in maintenance/;
    expect(await errorOf('startVirtualMachine', { id: belongings.vmId })).toMatch(closed);
    expect(await errorOf('updateStoragePool', { id: place.poolId, enabled: 'true' })).toContain('in maintenance');
    expect(await pool('cancelStorageMaintenance')).toMatchObject({ state: 'Up' });
    expect(await errorOf('cancelStorageMaintenance', { id: place.poolId })).toContain('is not in maintenance');
    expect(await errorOf('startVirtualMachine', { id: belongings.vmId })).toBe('');
  });

  it('is refused for a pool that is not there', async () => {
    for (const command of ['enableStorageMaintenance', 'cancelStorageMaintenance'])
      expect(await errorOf(command, { id: newId() })).toContain('entity does not exist');
  });
});

describe('listStorageProviders', () => {
  it.each([
    ['primary', ['DefaultPrimary']],
    ['Image', ['Directory']],
    ['object', []],
  ])('of %s', async (type, names) => {
    const { body } = await t.call('listStorageProviders', { type });
    expect(((body['dataStoreProvider'] ?? []) as Row[]).map(({ name }) => name)).toEqual(names);
  });
});
