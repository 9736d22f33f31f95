import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closed, makeBelongings, makePlace, removed } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let acme: Row;
let alice: TestAccount;
let dora: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  acme = await t.ok('createDomain', { name: 'acme' });
  alice = await t.account('alice', { domainId: String(acme['id']) });
  dora = await t.account('dora', { domainId: String(acme['id']), accountType: 2 });
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');

describe('domains', () => {
  it('form a tree with paths for people', async () => {
    const dev = await t.ok('createDomain', { name: 'dev', parentdomainid: String(acme['id']) });
    expect(dev).toMatchObject({ path: 'ROOT/acme/dev', level: 2, parentdomainname: 'acme', haschild: false });
    const seen = await t.ok<Row[]>('listDomains', {}, dora.keys);
    expect(seen.map(({ path }) => path)).toEqual(['ROOT/acme', 'ROOT/acme/dev']);
    await t.ok('updateDomain', { id: String(acme['id']), name: 'apex' });
    expect((await t.ok<Row[]>('listDomains', {}, dora.keys)).map(({ path }) => path)).toEqual([
      'ROOT/apex',
      'ROOT/apex/dev',
    ]);
    await t.ok('updateDomain', { id: String(acme['id']), name: 'acme' });
  });

  it('are unique below their parent, and need no slash', async () => {
    expect(await errorOf('createDomain', { name: 'acme' })).toContain('already exists');
    expect(await errorOf('createDomain', { name: 'a/b' })).toContain('slash');
  });

  it('go only when they are empty, and not from under their administrator', async () => {
    expect(await errorOf('deleteDomain', { id: String(acme['id']) })).toContain('in use');
    expect(await errorOf('deleteDomain', { id: String(acme['id']) }, dora.keys)).toContain('own domain');
    const empty = await t.ok('createDomain', { name: 'empty' });
    const id = String(empty['id']);
    const removal = await t.ok('deleteDomain', { id });
    expect(await t.ok('deleteDomain', { id }), 'joins the one under way').toEqual(removal);
    expect(await t.ok('queryAsyncJobResult', { jobid: String(removal) })).toMatchObject({ jobstatus: 0 });
    await removed(t, { type: 'domain', id });
    expect(await errorOf('deleteDomain', { id })).toContain('does not exist');
    expect(await t.ok('createDomain', { name: 'empty' })).toMatchObject({ name: 'empty' });
  });
});

describe('accounts and users', () => {
  it('are created by administrators of their domain', async () => {
    const carol = { username: 'carol', password: 'pw', firstname: 'C', lastname: 'C', email: 'c@example.org' };
    const made = await t.ok('createAccount', carol, dora.keys);
    expect(made).toMatchObject({
      name: 'carol',
      domain: 'acme',
      accounttype: 0,
      roletype: 'User',
      state: 'enabled',
      vmtotal: 0,
      vmlimit: 'Unlimited',
    });
    expect(await errorOf('createAccount', carol, dora.keys)).toContain('already exists');
    const second = { ...carol, username: 'carl', account: 'carol' };
    expect(await t.ok('createUser', second, dora.keys)).toMatchObject({ username: 'carl', account: 'carol' });
    expect(await t.ok('listUsers', { account: 'carol' }, dora.keys)).toHaveLength(2);
    expect(await errorOf('createUser', { ...second, account: 'admin', domainid: '' }, dora.keys)).toContain(
      'no account admin',
    );
  });

  it('change their own password only with the present one, which ends sessions', async () => {
    const password = 'a better one';
    expect(await errorOf('updateUser', { id: alice.userId, password }, alice.keys)).toContain(
      'Current password is incorrect',
    );
    await t.ok('updateUser', { id: alice.userId, password, currentpassword: 'secret-of-the-spec' }, alice.keys);
    await t.ok('updateUser', { id: alice.userId, firstname: 'Alice' }, dora.keys);
    expect(await t.ok('listUsers', { id: alice.userId })).toMatchObject([{ firstname: 'Alice' }]);
  });

  it('lose their keys when they get new ones', async () => {
    const before = await t.account('eve');
    const fresh = await t.ok<{ apikey: string; secretkey: string }>(
      'registerUserKeys',
      { id: before.userId },
      before.keys,
    );
    expect((await t.call('listZones', {}, before.keys)).status).toBe(401);
    const keys = { apiKey: fresh.apikey, secretKey: fresh.secretkey };
    expect(await t.ok('getUserKeys', { id: before.userId }, keys)).toEqual(fresh);
  });

  it('go when they own nothing, and cannot call any more', async () => {
    const gone = await t.account('gone', { domainId: String(acme['id']) });
    const place = await makePlace(t);
    const { vmId, volumeId, templateId, isoId, networkId, projectId } = await makeBelongings(t, place, gone);
    expect(await errorOf('deleteAccount', { id: gone.id })).toContain('projects without another administrator');
    await expect(removed(t, { type: 'account', id: gone.id })).rejects.toThrow('virtual machines');
    const source = t.db.source;
    await source.query("UPDATE virtual_machine SET state = 'Expunged' WHERE id = ?", [vmId]);
    await source.query("UPDATE volume SET state = 'Expunged' WHERE id = ?", [volumeId]);
    await source.query("UPDATE template SET state = 'Removed' WHERE id IN (?)", [[templateId, isoId]]);
    await source.query("UPDATE network SET state = 'Removed' WHERE id = ?", [networkId]);
    await t.ok('deleteProject', { id: projectId }, gone.keys);
    await removed(t, { type: 'project', id: projectId });
    const removal = await t.ok('deleteAccount', { id: gone.id }, dora.keys);
    await closed(t, { type: 'account', id: gone.id }, String(removal));
    expect((await t.call('listZones', {}, gone.keys)).status, 'from when it begins').toBe(401);
    const theirs = { name: 'g', type: 'host affinity', account: 'gone', domainid: String(acme['id']) };
    expect(await errorOf('createAffinityGroup', theirs)).toContain('is being removed');
    await removed(t, { type: 'account', id: gone.id });
    expect((await t.call('listZones', {}, gone.keys)).status).toBe(401);
    expect((await t.account('gone', { domainId: String(acme['id']) })).id).not.toBe(gone.id);
    expect(await errorOf('deleteAccount', { id: dora.id }, dora.keys)).toContain('own account');
  });
});

describe('tags', () => {
  it('are put on, listed, searched by and taken off what the caller owns', async () => {
    const { vmId, volumeId } = await makeBelongings(t, await makePlace(t), alice);
    const tags = { 'tags[0].key': 'tier', 'tags[0].value': 'web', 'tags[1].key': 'env', 'tags[1].value': 'test' };
    await t.ok('createTags', { resourceids: vmId, resourcetype: 'UserVm', ...tags }, alice.keys);
    expect(await t.ok('listTags', { resourceid: vmId }, alice.keys)).toMatchObject([
      { key: 'env', value: 'test', resourcetype: 'UserVm', account: 'alice', domain: 'acme' },
      { key: 'tier', value: 'web' },
    ]);
    expect(
      await t.ok('listVirtualMachines', { 'tags[0].key': 'tier', 'tags[0].value': 'web' }, alice.keys),
    ).toHaveLength(1);
    await t.ok('deleteTags', { resourceids: vmId, resourcetype: 'uservm', 'tags[0].key': 'tier' }, alice.keys);
    expect(await t.ok('listTags', { resourceid: vmId }, alice.keys)).toMatchObject([{ key: 'env' }]);
    await t.ok('deleteTags', { resourceids: `${vmId},${volumeId}`, resourcetype: 'UserVm' }).catch(() => undefined);
    expect(await t.ok('listTags', { resourceid: vmId }, alice.keys), 'all or none').toMatchObject([{ key: 'env' }]);
    expect(await errorOf('createTags', { resourceids: vmId, resourcetype: 'Moon', ...tags }, alice.keys)).toContain(
      'bears no tags',
    );
  });
});
