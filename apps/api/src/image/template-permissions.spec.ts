/** Who may use a template beside its owner: lists show it to them, and machines can be made of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let rick: TestAccount;
let own: Belongings;
let theirs: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  place = await makePlace(t);
  alice = await t.account('alice', { domainId: acme.id });
  bob = await t.account('bob', { domainId: acme.id });
  rick = await t.account('rick', { domainId: rival.id });
  own = await makeBelongings(t, place, alice);
  theirs = await makeBelongings(t, place, bob);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) => {
  const { status, body } = await t.call(command, params, keys);
  return `${status} ${String(body['errortext'] ?? '')}`;
};
const allow = (params: Record<string, string>, keys = alice.keys) =>
  t.ok('updateTemplatePermissions', { id: own.templateId, ...params }, keys);
const seen = async ({ keys }: TestAccount, params: Record<string, string>) =>
  (await t.call('listTemplates', { id: own.templateId, ...params }, keys)).body['count'] ?? 0;
const permissions = async (keys = alice.keys) =>
  (await t.ok<Row[]>('listTemplatePermissions', { id: own.templateId }, keys))[0];
const deploy = async ({ keys }: TestAccount, networkids: string, more: Record<string, string> = {}) => {
  const [offering] = await t.ok<Row[]>('listServiceOfferings', { name: 'Tiny Instance' });
  const made = { zoneid: place.zoneId, templateid: own.templateId, serviceofferingid: String(offering?.['id']) };
  return errorOf('deployVirtualMachine', { ...made, networkids, ...more }, keys);
};

describe('permissions of templates', () => {
  it('show it to single accounts, and let them deploy it, until they are taken back', async () => {
    expect(await seen(bob, {})).toBe(0);
    expect(await deploy(bob, theirs.networkId)).toMatch(/^431 Invalid parameter templateid/);
    await allow({ op: 'add', accounts: 'bob' });
    await allow({ op: 'add', accounts: 'bob' });
    expect(await permissions()).toEqual({
      id: own.templateId,
      ispublic: false,
      domainid: alice.domainId,
      account: ['bob'],
    });
    for (const templatefilter of ['sharedexecutable', 'executable', 'all'])
      expect(await seen(bob, { templatefilter }), templatefilter).toBe(1);
    for (const templatefilter of ['self', 'community', 'featured'])
      expect(await seen(bob, { templatefilter }), templatefilter).toBe(0);
    expect(await seen(rick, {})).toBe(0);
    expect(await deploy(bob, theirs.networkId)).toMatch(/^200/);
    expect(await errorOf('updateTemplate', { id: own.templateId, name: 'mine' }, bob.keys)).toMatch(/^431/);
    expect(await errorOf('listTemplatePermissions', { id: own.templateId }, bob.keys)).toMatch(/^431/);
    await allow({ op: 'remove', accounts: 'bob' });
    expect(await seen(bob, {})).toBe(0);
    expect(await deploy(bob, theirs.networkId)).toMatch(/^431 Invalid parameter templateid/);
  });

  it('of a project count for what is made in it', async () => {
    await allow({ op: 'add', projectids: own.projectId });
    expect(await permissions()).toMatchObject({ projectids: [own.projectId] });
    await t.ok('addAccountToProject', { projectid: own.projectId, account: 'bob' }, alice.keys);
    expect(await seen(bob, { templatefilter: 'sharedexecutable' })).toBe(1);
    expect(await deploy(bob, theirs.networkId)).toMatch(/^431 Invalid parameter templateid/);
    expect(await deploy(bob, own.networkId, { projectid: own.projectId })).not.toContain('templateid');
    await allow({ op: 'reset' });
    expect(await permissions()).toEqual({ id: own.templateId, ispublic: false, domainid: alice.domainId });
  });

  it('of everybody are the owner’s to give, unless a setting says otherwise, and go with a reset', async () => {
    await allow({ ispublic: 'true' });
    expect(await seen(rick, {})).toBe(1);
    await allow({ op: 'reset' });
    expect(await seen(rick, {})).toBe(0);
    const name = 'allow.public.user.templates';
    await t.ok('updateConfiguration', { name, value: 'false', accountid: alice.id });
    expect(await errorOf('updateTemplatePermissions', { id: own.templateId, ispublic: 'true' })).toMatch(
      /^432 Only private templates/,
    );
    const image = { name: 'i', displaytext: 'i', url: 'http://192.0.2.9/i', format: 'QCOW2', hypervisor: 'Simulator' };
    const wanted = { ...image, zoneid: place.zoneId, ispublic: 'true' };
    expect(await errorOf('registerTemplate', wanted)).toMatch(/^432 Only private templates/);
    await allow({ ispublic: 'true', isfeatured: 'true', isextractable: 'true' }, t.admin);
    const [shown] = await t.ok<Row[]>('listTemplates', { id: own.templateId, templatefilter: 'featured' }, rick.keys);
    expect(shown).toMatchObject({ ispublic: true, isfeatured: true, isextractable: true });
    await allow({ op: 'reset' });
  });

  it('are refused with what is wrong', async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ op: 'add' }, /^431 op add and op remove go with/],
      [{ accounts: 'bob' }, /^431 op add and op remove go with/],
      [{ op: 'reset', accounts: 'bob' }, /^431 op add and op remove go with/],
      [{ op: 'add', accounts: 'rick' }, /^431 There is no account rick/],
      [{ op: 'add', projectids: theirs.projectId }, /^431 Invalid parameter projectid/],
      [{ isfeatured: 'true' }, /^431 isfeatured/],
      [{ op: 'give', accounts: 'bob' }, /^431/],
    ];
    for (const [params, text] of cases)
      expect(await errorOf('updateTemplatePermissions', { id: own.templateId, ...params })).toMatch(text);
    expect(await errorOf('updateTemplatePermissions', { id: own.templateId, ispublic: 'true' }, bob.keys)).toMatch(
      /^431/,
    );
    expect(await permissions()).toEqual({ id: own.templateId, ispublic: false, domainid: alice.domainId });
  });
});

describe('getUser', () => {
  it('finds users by key for who may see them, and nobody else', async () => {
    const ask = (keys: TestAccount['keys']) => t.call('getUser', { userapikey: alice.keys.apiKey }, keys);
    for (const keys of [alice.keys, t.admin])
      expect((await ask(keys)).body['user']).toMatchObject({ id: alice.userId, username: 'alice', account: 'alice' });
    const missing = (await t.call('getUser', { userapikey: 'none' }, rick.keys)).body;
    expect((await ask(rick.keys)).body).toEqual(missing);
    expect(missing['errorcode']).toBe(431);
  });
});

describe('what clients ask for before they make something', () => {
  it('storage providers, and who may create offerings with tags', async () => {
    expect(await t.ok('listStorageProviders', { type: 'primary' })).toEqual([
      { name: 'DefaultPrimary', type: 'PRIMARY' },
    ]);
    expect(await t.ok('listStorageProviders', { type: 'image' })).toEqual([{ name: 'Directory', type: 'IMAGE' }]);
    const [root] = await t.ok<Row[]>('listAccounts', { name: 'admin' });
    const ask = (id: string) => t.ok('isAccountAllowedToCreateOfferingsWithTags', { id });
    expect([await ask(String(root?.['id'])), await ask(alice.id)]).toEqual([true, false]);
  });
});
