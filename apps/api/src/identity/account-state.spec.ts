/** Disabled and locked accounts and users, users and domains that move. */
import type { UserKeys } from '@durastack/store/seed';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let acme: string;
let rival: string;
let dora: TestAccount;
let rick: TestAccount;
let alice: TestAccount;
let made = 0;
beforeAll(async () => {
  t = await startTestApi();
  acme = (await t.ok<{ id: string }>('createDomain', { name: 'acme' })).id;
  rival = (await t.ok<{ id: string }>('createDomain', { name: 'rival' })).id;
  dora = await t.account('dora', { domainId: acme, accountType: 2 });
  rick = await t.account('rick', { domainId: rival, accountType: 2 });
});
afterAll(() => t.stop());
beforeEach(async () => {
  alice = await t.account(`alice-${(made += 1)}`, { domainId: acme });
});

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const statusOf = async (command: string, params: Record<string, string>, keys: UserKeys) =>
  (await t.call(command, params, keys)).status;

describe('accounts', () => {
  it('that are locked cannot act, and their machines go on', async () => {
    const { vmId } = await makeBelongings(t, await makePlace(t), alice);
    expect(await t.ok('lockAccount', { account: alice.name, domainid: acme }, dora.keys)).toMatchObject({
      state: 'locked',
    });
    expect(await statusOf('listZones', {}, alice.keys)).toBe(401);
    const login = { username: alice.name, password: 'secret-of-the-spec', domain: '/acme' };
    expect(await errorOf('login', login)).toContain('Failed to authenticate');
    const later = (await t.db.source.query('SELECT COUNT(*) AS n FROM operation WHERE resource_id = ?', [
      vmId,
    ])) as Row[];
    expect(Number(later[0]?.['n']), 'the operation that runs').toBe(1);
    expect(await t.ok('enableAccount', { id: alice.id }, dora.keys)).toMatchObject({ state: 'enabled' });
    expect(await statusOf('listZones', {}, alice.keys)).toBe(200);
  });

  it('that are disabled cannot act, and their machines are stopped behind what is on its way', async () => {
    const { vmId, operationId } = await makeBelongings(t, await makePlace(t), alice);
    const { jobid } = await t.ok('disableAccount', { id: alice.id, lock: 'false' }, dora.keys);
    expect(await t.ok('queryAsyncJobResult', { jobid: String(jobid) }, dora.keys)).toMatchObject({
      jobresult: { account: { id: alice.id, state: 'disabled' } },
    });
    expect(await statusOf('listZones', {}, alice.keys)).toBe(401);
    const operations = (await t.db.source.query(
      'SELECT id, kind, state FROM operation WHERE resource_id = ? ORDER BY seq',
      [vmId],
    )) as Row[];
    expect(operations).toMatchObject([{ id: operationId, state: 'running' }, { kind: 'stopVirtualMachine' }]);
  });

  it('are neither the own one, nor the first, nor those of others', async () => {
    expect(await errorOf('disableAccount', { id: dora.id, lock: 'true' }, dora.keys)).toContain('the own account');
    const [root] = await t.ok<{ id: string }[]>('listAccounts', { name: 'admin', listall: 'true' });
    const other = await t.account(`root-${made}`, { accountType: 1 });
    expect(await errorOf('disableAccount', { id: root?.id ?? '', lock: 'true' }, other.keys)).toContain(
      'never disabled',
    );
    for (const [command, params] of [
      ['disableAccount', { id: alice.id, lock: 'true' }],
      ['enableAccount', { id: alice.id }],
    ] as const) {
      expect(await errorOf(command, params as Record<string, string>, rick.keys), command).toContain('does not exist');
      expect(await statusOf(command, params as Record<string, string>, alice.keys), command).toBe(432);
    }
    expect(await errorOf('lockAccount', { account: alice.name, domainid: acme }, rick.keys)).toContain('no account');
    expect(await errorOf('disableAccount', { lock: 'true' })).toContain('by id, or by account');
  });

  it('have a zone that they are meant to use', async () => {
    const { zoneId } = await makePlace(t);
    const params = { account: alice.name, domainid: acme, zoneid: zoneId };
    await t.ok('markDefaultZoneForAccount', params);
    expect(await t.ok('listAccounts', { id: alice.id })).toMatchObject([{ defaultzoneid: zoneId }]);
    expect(await errorOf('markDefaultZoneForAccount', { ...params, zoneid: acme })).toContain('does not exist');
  });
});

describe('users', () => {
  it('that are disabled or locked lose their sessions at once', async () => {
    const login = { command: 'login', username: alice.name, password: 'secret-of-the-spec', domain: '/acme' };
    const reply = await t.api.server.inject({
      ...{ method: 'POST', url: '/client/api', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      payload: new URLSearchParams({ ...login, response: 'json' }).toString(),
    });
    const { sessionkey } = reply.json<{ loginresponse: { sessionkey: string } }>().loginresponse;
    const cookie = [reply.headers['set-cookie']]
      .flat()
      .map((line) => String(line).split(';')[0])
      .join('; ');
    const url = `/client/api?command=listZones&response=json&sessionkey=${encodeURIComponent(sessionkey)}`;
    const look = async () => (await t.api.server.inject({ method: 'GET', url, headers: { cookie } })).statusCode;
    expect(await look()).toBe(200);
    expect(await t.ok('lockUser', { id: alice.userId }, dora.keys)).toMatchObject({ state: 'locked' });
    expect(await look()).toBe(401);
    expect(await t.ok('enableUser', { id: alice.userId }, dora.keys)).toMatchObject({ state: 'enabled' });
    expect(await look(), 'the session is gone').toBe(401);
    await t.ok('disableUser', { id: alice.userId }, dora.keys);
    expect(await statusOf('listZones', {}, alice.keys)).toBe(401);
    expect(await errorOf('disableUser', { id: dora.userId }, dora.keys)).toContain('the own user');
    expect(await errorOf('enableUser', { id: alice.userId }, rick.keys)).toContain('does not exist');
  });

  it('move to another account of their domain, with their keys', async () => {
    const bob = await t.account(`bob-${made}`, { domainId: acme });
    await t.ok('moveUser', { id: bob.userId, account: alice.name }, dora.keys);
    expect(await t.ok('listUsers', { id: bob.userId }, dora.keys)).toMatchObject([{ accountid: alice.id }]);
    expect(await statusOf('listZones', {}, bob.keys)).toBe(200);
    expect(await errorOf('moveUser', { id: bob.userId, accountid: rick.id })).toContain('does not exist');
    expect(await errorOf('moveUser', { id: bob.userId })).toContain('either by accountid');
    expect(await errorOf('moveUser', { id: bob.userId, accountid: bob.id }, rick.keys)).toContain('does not exist');
  });
});

describe('domains', () => {
  it('list what lies below them', async () => {
    const dev = await t.ok<{ id: string }>('createDomain', { name: 'dev', parentdomainid: acme });
    const deep = await t.ok<{ id: string }>('createDomain', { name: 'deep', parentdomainid: dev.id });
    const names = async (params: Record<string, string>, keys = dora.keys) => {
      const found = await t.ok<Row[]>('listDomainChildren', params, keys);
      return Array.isArray(found) ? found.map(({ name }) => name) : [];
    };
    expect(await names({})).toEqual(['dev']);
    expect(await names({ isrecursive: 'true' })).toEqual(['dev', 'deep']);
    expect(await names({ id: dev.id })).toEqual(['deep']);
    expect(await names({ id: deep.id })).toEqual([]);
    expect(await names({ isrecursive: 'true', page: '2', pagesize: '1' })).toEqual(['deep']);
    expect(await names({ isrecursive: 'true', keyword: 'dee' })).toEqual(['deep']);
    expect(await errorOf('listDomainChildren', { id: rival }, dora.keys)).toContain('does not exist');
  });

  it('move with all below them', async () => {
    const top = await t.ok<{ id: string }>('createDomain', { name: 'top' });
    const below = await t.ok<{ id: string }>('createDomain', { name: 'below', parentdomainid: top.id });
    const carl = await t.account('carl', { domainId: below.id });
    const seen = async (keys: UserKeys) => {
      const found = await t.ok<Row[]>('listAccounts', { id: carl.id }, keys);
      return Array.isArray(found);
    };
    expect(await seen(dora.keys)).toBe(false);
    expect(await t.ok('moveDomain', { domainid: top.id, parentdomainid: acme })).toMatchObject({
      ...{ path: 'ROOT/acme/top', level: 2, parentdomainid: acme },
    });
    expect(await seen(dora.keys)).toBe(true);
    expect(await t.ok('listDomains', { id: below.id })).toMatchObject([{ path: 'ROOT/acme/top/below', level: 3 }]);
    expect(await errorOf('moveDomain', { domainid: acme, parentdomainid: below.id })).toContain('lies in');
    const twin = await t.ok<{ id: string }>('createDomain', { name: 'top' });
    expect(await errorOf('moveDomain', { domainid: twin.id, parentdomainid: acme })).toContain('exists already');
    const [root] = await t.ok<{ id: string }[]>('listDomains', { name: 'ROOT' });
    expect(await errorOf('moveDomain', { domainid: root?.id ?? '', parentdomainid: acme })).toContain('stays');
  });
});
