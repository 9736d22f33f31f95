import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '@durastack/kit/ids/new-id';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let place: Place;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
});
afterAll(() => t.stop());

const good = () => ({
  ...{ hostid: place.hostId, driver: 'redfish', address: '192.0.2.9', port: '443' },
  ...{ username: 'root', password: 'a-secret-of-the-controller' },
});
const refused = async (command: string, params: Record<string, string>, keys?: Parameters<TestApi['call']>[2]) => {
  const { status, body } = await t.call(command, params, keys);
  return [status, String(body['errortext'])] as const;
};

it('stores what a controller needs, and tells everything but the password', async () => {
  const stored = await t.ok('configureOutOfBandManagement', good());
  expect(stored).toEqual({
    ...{ hostid: place.hostId, powerstate: 'Disabled', enabled: false },
    ...{ driver: 'redfish', address: '192.0.2.9', port: '443', username: 'root' },
  });
  const [host] = await t.ok<Record<string, unknown>[]>('listHosts', { id: place.hostId });
  expect(host?.['outofbandmanagement']).toEqual(stored);
  expect(await t.ok('listHosts', { outofbandmanagementenabled: 'true' })).toEqual({});
  expect(await t.ok('listHosts', { outofbandmanagementpowerstate: 'Disabled' })).toHaveLength(1);
  const everything = await Promise.all(
    ['event', 'operation', 'out_of_band_management'].map((table) => t.db.source.query(`SELECT * FROM ${table}`)),
  );
  expect(JSON.stringify(everything)).not.toContain('a-secret-of-the-controller');
});

it.each([
  [{ address: 'https://bmc' }, /address/],
  [{ address: '-H' }, /address/],
  [{ address: '' }, /address/],
  [{ address: 'a b' }, /address/],
  [{ port: '0' }, /port/],
  [{ port: '65536' }, /port/],
  [{ port: 'https' }, /port/],
  [{ driver: 'telnet' }, /driver/],
  [{ username: '-U' }, /username/],
  [{ username: 'a:b' }, /username/],
  [{ password: '' }, /password/],
  [{ password: 'two\nlines' }, /password/],
  [{ fingerprint: 'abc' }, /fingerprint/],
] as const)('refuses %j', async (change, says) => {
  const [status, text] = await refused('configureOutOfBandManagement', { ...good(), ...change });
  expect(status).toBe(431);
  expect(text).toMatch(says);
  expect(text).not.toContain('a-secret-of-the-controller');
});

it('refuses hosts, clusters and zones that are not there, and actions that nobody knows', async () => {
  const nowhere = newId();
  expect((await refused('configureOutOfBandManagement', { ...good(), hostid: nowhere }))[0]).toBe(431);
  expect((await refused('enableOutOfBandManagementForHost', { hostid: nowhere }))[0]).toBe(431);
  expect((await refused('enableOutOfBandManagementForCluster', { clusterid: nowhere }))[0]).toBe(431);
  expect((await refused('disableOutOfBandManagementForZone', { zoneid: nowhere }))[0]).toBe(431);
  const explode = { hostid: place.hostId, action: 'EXPLODE' };
  expect((await refused('issueOutOfBandManagementPowerAction', explode))[1]).toMatch(/action/);
  expect((await refused('declareHostLost', { id: nowhere }))[0]).toBe(431);
});

it('is of administrators alone', async () => {
  const { keys } = await t.account('alice');
  for (const command of ['configureOutOfBandManagement', 'issueOutOfBandManagementPowerAction', 'declareHostLost'])
    expect((await refused(command, { ...good(), id: place.hostId, action: 'OFF' }, keys))[1]).toMatch(/not available/);
});

it('says who declared a host lost, in the events', async () => {
  expect((await refused('declareHostLost', { id: place.hostId }))[1]).toMatch(/it is not lost/);
  await t.db.source.query("UPDATE host SET state = 'Disconnected', last_heartbeat_at = NOW(3) - INTERVAL 1 HOUR");
  expect(await t.ok('declareHostLost', { id: place.hostId })).toMatchObject({
    id: place.hostId,
    state: 'Disconnected',
  });
  const events = await t.ok('listEvents', { type: 'HOST.DECLARE.LOST', listall: 'true' });
  expect(events).toEqual(
    expect.arrayContaining([expect.objectContaining({ level: 'INFO', username: 'admin' })]) as unknown,
  );
});
