/** Settings of domains and accounts: who has which value, and that it is what counts. */
import { newId } from '@durastack/kit/ids/new-id';
import { transaction } from '@durastack/store/database/transaction';
import { reservePool } from '@durastack/store/operations/reservations';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAllowedSource } from '../identity/allowed-sources.js';
import { makePlace } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

const LENGTH = 'password.policy.minimum.length';
const SOURCES = 'api.allowed.source.cidr.list';
const PASS_DOWN = 'enable.domain.settings.for.child.domain';
const TO_ACCOUNTS = 'enable.account.settings.for.domain';

let t: TestApi;
let acme: string;
let dev: string;
let alice: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  acme = String((await t.ok<Row>('createDomain', { name: 'acme' }))['id']);
  dev = String((await t.ok<Row>('createDomain', { name: 'dev', parentdomainid: acme }))['id']);
  alice = await t.account('alice', { domainId: dev });
});
afterEach(async () => {
  for (const table of ['global_setting', 'resource_setting']) await t.db.source.query(`DELETE FROM ${table}`);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) => {
  const { status, body } = await t.call(command, params, keys);
  return `${status} ${String(body['errortext'] ?? '')}`;
};
const set = (name: string, value: string, where: Record<string, string> = {}) =>
  t.ok<Row>('updateConfiguration', { name, value, ...where });
const valueOf = async (name: string, where: Record<string, string>) =>
  (await t.ok<Row[]>('listConfigurations', { name, ...where }))[0]?.['value'];
const newUser = (domainid: string, password: string) =>
  t.call('createAccount', {
    ...{ username: `u${Math.random()}`.slice(0, 12), firstname: 'u', lastname: 'u', email: 'u@example.org' },
    ...{ accounttype: '0', domainid, password },
  });

describe('settings', () => {
  it('say at which level they can have a value of their own', async () => {
    const all = await t.ok<Row[]>('listConfigurations');
    const scopes = Object.fromEntries(all.map(({ name, scope }) => [name, scope]));
    expect(scopes).toMatchObject({
      ...{ [LENGTH]: 'Domain', [SOURCES]: 'Account', 'session.timeout': 'Global', 'drs.algorithm': 'Cluster' },
    });
    const names = async (where: Record<string, string>) =>
      (await t.ok<Row[]>('listConfigurations', where)).map(({ name, scope }) => `${String(scope)} ${String(name)}`);
    expect((await names({ domainid: acme })).every((name) => name.startsWith('Domain '))).toBe(true);
    expect((await names({ accountid: alice.id })).sort()).toEqual([
      `Account allow.public.user.templates`,
      `Account ${SOURCES}`,
    ]);
    await set(TO_ACCOUNTS, 'true');
    expect(await names({ domainid: acme })).toContain(`Account ${SOURCES}`);
  });

  it('of a domain count in it alone, or below it too where that is wanted', async () => {
    expect(await set(LENGTH, '12', { domainid: acme })).toMatchObject({ name: LENGTH, value: '12', scope: 'Domain' });
    expect((await newUser(acme, 'short')).body['errortext']).toContain('at least [12] characters');
    expect((await newUser(dev, 'short')).status).toBe(200);
    await set(PASS_DOWN, 'true');
    expect(await valueOf(LENGTH, { domainid: dev })).toBe('12');
    expect((await newUser(dev, 'short')).body['errortext']).toContain('at least [12] characters');
    await set(LENGTH, '3', { domainid: dev });
    expect((await newUser(dev, 'short')).status).toBe(200);
    await t.ok('resetConfiguration', { name: LENGTH, domainid: dev });
    await set(LENGTH, '4');
    expect(await valueOf(LENGTH, { domainid: dev })).toBe('12');
    await t.ok('resetConfiguration', { name: LENGTH, domainid: acme });
    expect(await valueOf(LENGTH, { domainid: dev })).toBe('4');
  });

  it('of a domain say whether its users may create projects', async () => {
    await set('allow.user.create.projects', 'false', { domainid: dev });
    expect(await errorOf('createProject', { name: 'p' }, alice.keys)).toMatch(/^432 Users may not create projects/);
    await set('allow.user.create.projects', 'true', { domainid: dev });
    expect(await errorOf('createProject', { name: 'p' }, alice.keys)).toMatch(/^200/);
  });

  it('of an account count for it, its domain’s where that is wanted, then the cloud’s', async () => {
    await set(SOURCES, '198.51.100.0/24,2001:db8::/32', { accountid: alice.id });
    expect(await errorOf('listZones', {}, alice.keys)).toMatch(/^432 Calls for this account are not taken from/);
    const headers = { authorization: `Bearer ${alice.keys.apiKey}:${alice.keys.secretKey}` };
    expect((await t.api.server.inject({ url: '/api/v1/zones', headers })).statusCode).toBe(403);
    expect(await errorOf('listZones', {})).toMatch(/^200/);
    await t.db.source.query('DELETE FROM event');
    expect(await errorOf('createSSHKeyPair', { name: 'k' }, alice.keys)).toMatch(/^432 Calls for this account/);
    const body = { name: 'k' };
    await t.api.server.inject({ method: 'POST', url: '/api/v1/ssh-key-pairs', headers, body });
    const events = await t.ok<Row[]>('listEvents', { account: 'alice', domainid: dev });
    expect(events).toHaveLength(2);
    for (const event of events)
      expect(event).toMatchObject({
        ...{ level: 'ERROR', username: 'alice' },
        description: expect.stringMatching(/ failed: Calls for this account are not taken from 127.0.0.1/),
      });
    await t.ok('resetConfiguration', { name: SOURCES, accountid: alice.id });
    expect(await errorOf('listZones', {}, alice.keys)).toMatch(/^200/);
    await set(TO_ACCOUNTS, 'true');
    await set(SOURCES, '198.51.100.0/24', { domainid: dev });
    expect(await valueOf(SOURCES, { accountid: alice.id })).toBe('198.51.100.0/24');
    expect(await errorOf('listZones', {}, alice.keys)).toMatch(/^432/);
    await set(SOURCES, '0.0.0.0/0', { accountid: alice.id });
    expect(await errorOf('listZones', {}, alice.keys)).toMatch(/^200/);
  });

  it('of a storage pool say how much it offers, and are shown with it', async () => {
    const { poolId } = await makePlace(t);
    const other = (await makePlace(t)).poolId;
    const name = 'storage.overprovisioning.factor';
    const offered = async (id: string) => {
      const [pool] = await t.ok<Row[]>('listStoragePools', { id });
      return pool?.['overprovisionfactor'];
    };
    expect(await set(name, '3.5', { storageid: poolId })).toMatchObject({ value: '3.5', scope: 'StoragePool' });
    expect([await offered(poolId), await offered(other)]).toEqual(['3.5', '2']);
    await set(name, '1');
    expect([await offered(poolId), await offered(other)]).toEqual(['3.5', '1']);
    expect(await valueOf(name, { storageid: poolId })).toBe('3.5');
    await t.ok('resetConfiguration', { name, storageid: poolId });
    expect([await offered(poolId), await offered(other)]).toEqual(['1', '1']);
    const take = (sizeBytes: number) =>
      transaction(t.db.source, (tx) => reservePool(tx, { volumeId: newId(), poolId, sizeBytes }));
    expect([await take(9e11), await take(2e11)]).toEqual([true, false]);
    await set(name, '1.2', { storageid: poolId });
    expect(await take(2e11)).toBe(true);
    await t.ok('resetConfiguration', { name });
  });

  it('do not shut out who sets them', async () => {
    expect(await errorOf('updateConfiguration', { name: SOURCES, value: '198.51.100.0/24' })).toMatch(
      /^432 Calls for this account are not taken from 127.0.0.1/,
    );
    expect(await errorOf('listZones', {})).toMatch(/^200/);
  });

  it('are refused with what is wrong of name, value and place', async () => {
    const cases: [Record<string, string>, string][] = [
      [{ name: 'no.such', value: '1' }, 'There is no setting no.such'],
      [{ name: LENGTH, value: 'long', domainid: acme }, 'must be a whole number'],
      [{ name: LENGTH, value: '5', accountid: alice.id }, 'one value whatever the account: leave accountid out'],
      [{ name: 'session.timeout', value: '5', domainid: acme }, 'one value whatever the domain'],
      [{ name: SOURCES, value: '0.0.0.0/0', domainid: acme }, 'one value whatever the domain'],
      [{ name: 'drs.algorithm', value: 'balanced', domainid: acme }, 'one value whatever the domain'],
      [{ name: SOURCES, value: 'home' }, 'must be networks like'],
      [{ name: SOURCES, value: '192.0.2.0/24,' }, 'must be networks like'],
      [{ name: LENGTH, value: '5', domainid: acme, accountid: alice.id }, 'A setting is of one thing'],
      [{ name: LENGTH, value: '5', domainid: alice.id }, 'Invalid parameter domainid'],
      [{ name: SOURCES, value: '0.0.0.0/0', accountid: acme }, 'Invalid parameter accountid'],
      [{ name: LENGTH, value: '5', zoneid: acme }, 'Invalid parameter zoneid'],
      [{ name: LENGTH, value: '5', storageid: acme }, 'Invalid parameter storageid'],
    ];
    for (const [params, text] of cases) expect(await errorOf('updateConfiguration', params)).toContain(text);
    expect(await t.db.source.query('SELECT * FROM resource_setting')).toEqual([]);
  });
});

describe('isAllowedSource', () => {
  it.each([
    ['0.0.0.0/0,::/0', '203.0.113.9', true],
    ['0.0.0.0/0,::/0', '2001:db8::9', true],
    ['0.0.0.0/0', '2001:db8::9', false],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['192.0.2.0/24', '::ffff:192.0.3.7', false],
    ['2001:db8::/32,192.0.2.1/32', '192.0.2.1', true],
  ])('%s takes %s: %s', (networks, address, expected) => {
    expect(isAllowedSource(networks, address)).toBe(expected);
  });
});
