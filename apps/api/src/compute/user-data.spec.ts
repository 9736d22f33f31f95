/** User data: kept sealed under names, copied into machines, shown to nobody but its owner. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';
import { generateSshKey } from './public-key.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let place: Place;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const register = (name: string, params: Record<string, string> = {}, keys = alice.keys) =>
  t.ok<Row & { id: string }>('registerUserData', { name, userdata: 'aGVsbG8=', ...params }, keys);
const rowOf = async (id: string) =>
  ((await t.db.source.query('SELECT * FROM virtual_machine WHERE id = ?', [id])) as Row[])[0] ?? {};
const state = (words: string) => t.db.source.query(`UPDATE virtual_machine SET ${words} WHERE id = ?`, [own.vmId]);
const opened = (sealed: unknown) => t.api.platform.secrets.open(String(sealed), `virtual-machine:${own.vmId}`);

beforeEach(() => state('operation_id = NULL'));

describe('records of user data', () => {
  it('are kept sealed, listed in the clear, and removed', async () => {
    const made = await register('web', { params: 'color, size' });
    expect(made).toMatchObject({ name: 'web', account: 'alice', userdata: 'aGVsbG8=', params: 'color,size' });
    const [row] = (await t.db.source.query('SELECT data_sealed FROM user_data WHERE id = ?', [made.id])) as Row[];
    expect(row?.['data_sealed']).not.toContain('aGVsbG8');
    expect(await t.ok('listUserData', { name: 'web' }, alice.keys)).toEqual([made]);
    expect(await errorOf('registerUserData', { name: 'web', userdata: 'aGk=' })).toBe(
      'A userdata with name: web already exists for this account.',
    );
    expect((await t.call('deleteUserData', { id: made.id }, alice.keys)).body).toEqual({ success: 'true' });
    expect(await errorOf('deleteUserData', { id: made.id })).toContain('does not exist');
  });

  const bad: [what: string, params: Record<string, string>, says: string][] = [
    ['no base64', { name: 'x', userdata: 'ssh! keys' }, 'not base64'],
    ['nothing', { name: 'x', userdata: '' }, 'userdata'],
    ['too much', { name: 'x', userdata: 'A'.repeat(1_048_577) }, 'userdata'],
    ['no name', { name: '', userdata: 'aGk=' }, 'name'],
    ['a variable that meta-data has', { name: 'x', userdata: 'aGk=', params: 'a,public-keys' }, 'userdatadetails'],
    ['a variable with a line break', { name: 'x', userdata: 'aGk=', params: 'a\nb' }, 'userdatadetails'],
  ];
  it.each(bad)('refuse %s, without repeating it', async (_what, params, says) => {
    const text = await errorOf('registerUserData', params);
    expect(text).toContain(says);
    expect(text).not.toContain('ssh! keys');
    expect(text.length).toBeLessThan(1_000);
  });

  it("are their account's", async () => {
    const { id } = await register('mine');
    expect((await t.call('listUserData', { listall: 'true' }, bob.keys)).body).toEqual({});
    const [foreign, missing] = await Promise.all(
      [id, newId()].map(async (one) => (await errorOf('deleteUserData', { id: one }, bob.keys)).replace(one, 'ID')),
    );
    expect(foreign).toBe(missing);
    expect((await register('mine', {}, bob.keys)).id).not.toBe(id);
  });
});

describe('the user data of a machine', () => {
  it('is copied from a record, which stays as long as a machine refers to it', async () => {
    const { id } = await register('copied');
    const vm = { id: own.vmId };
    const changed = await t.ok(
      'updateVirtualMachine',
      { ...vm, userdataid: id, 'userdatadetails[0].color': 'blue: "sky"' },
      alice.keys,
    );
    expect(changed).toMatchObject({ userdataid: id, userdataname: 'copied' });
    const row = await rowOf(own.vmId);
    expect(opened(row['user_data_sealed'])).toBe('aGVsbG8=');
    expect(JSON.parse(opened(row['user_data_details_sealed']))).toEqual({ color: 'blue: "sky"' });
    expect(await t.ok('getVirtualMachineUserData', { virtualmachineid: own.vmId }, alice.keys)).toEqual({
      virtualmachineid: own.vmId,
      userdata: 'aGVsbG8=',
    });
    expect(await errorOf('deleteUserData', { id })).toContain('was given to 1 machines');

    await t.ok('updateVirtualMachine', { ...vm, userdata: 'aGk' }, alice.keys);
    const after = await rowOf(own.vmId);
    expect(opened(after['user_data_sealed']), 'as hosts take it').toBe('aGk=');
    expect([after['user_data_id'], after['user_data_details_sealed']]).toEqual([null, null]);
    await t.ok('deleteUserData', { id }, alice.keys);
  });

  it('is taken by a deploy, of the owner alone', async () => {
    const [mine, foreign] = [await register('deployed'), await register('foreign', {}, bob.keys)];
    await t.db.source.query("UPDATE network SET acl = 'all' WHERE id = ?", [own.networkId]);
    const [offering] = await t.ok<Row[]>('listServiceOfferings', { name: 'Tiny Instance' });
    const deploy = {
      ...{ zoneid: place.zoneId, templateid: own.templateId, networkids: own.networkId },
      serviceofferingid: String(offering?.['id']),
    };
    const job = await t.ok<Row>('deployVirtualMachine', { ...deploy, userdataid: mine.id }, alice.keys);
    expect(await rowOf(String(job['id']))).toMatchObject({ user_data_id: mine.id });
    const history = JSON.stringify(await t.db.source.query('SELECT * FROM operation'));
    expect(history).not.toContain('aGVsbG8');
    const both = { ...deploy, userdataid: mine.id, userdata: 'aGk=' };
    expect(await errorOf('deployVirtualMachine', both)).toContain('not both');
    expect(await errorOf('deployVirtualMachine', { ...deploy, userdataid: foreign.id })).toContain('does not exist');
    expect(await errorOf('deployVirtualMachine', { ...deploy, 'userdatadetails[0].hostname': 'x' })).toContain(
      'meta-data does not have already',
    );
  });

  it('is not changed while an operation holds the machine', async () => {
    await state(`operation_id = '${own.operationId}'`);
    expect(await errorOf('updateVirtualMachine', { id: own.vmId, userdata: 'aGk=' })).toContain('holds the virtual');
  });

  it("is its owner's", async () => {
    expect(await errorOf('getVirtualMachineUserData', { virtualmachineid: own.vmId }, bob.keys)).toContain(
      'does not exist',
    );
  });
});

describe('resetUserDataForVirtualMachine', () => {
  const reset = (params: Record<string, string>) =>
    t.ok<Row>('resetUserDataForVirtualMachine', { id: own.vmId, ...params }, alice.keys);

  it('gives other user data or none, which the guest takes for a new instance', async () => {
    await state("state = 'Stopped', seed_resets = 0");
    const record = await register('again');
    const found = async () =>
      (await t.call('listVirtualMachines', { userdataid: record.id }, alice.keys)).body['count'];
    expect(await found()).toBeUndefined();
    expect(await reset({ userdataid: record.id, 'userdatadetails[0].color': 'red' })).toMatchObject({
      ...{ id: own.vmId, userdataid: record.id, userdataname: 'again' },
    });
    expect(await found()).toBe(1);
    const row = await rowOf(own.vmId);
    expect([opened(row['user_data_sealed']), row['seed_resets']]).toEqual(['aGVsbG8=', 1]);
    expect(JSON.parse(opened(row['user_data_details_sealed']))).toEqual({ color: 'red' });

    await reset({ userdata: 'aGk=' });
    expect(opened((await rowOf(own.vmId))['user_data_sealed'])).toBe('aGk=');
    expect(await reset({}), 'none').not.toHaveProperty('userdataid');
    expect(await rowOf(own.vmId)).toMatchObject({ user_data_sealed: null, user_data_id: null, seed_resets: 3 });
  });

  it('refuses what is wrong, and changes nothing then', async () => {
    await state("state = 'Stopped', seed_resets = 0");
    const foreign = await register('of bob', {}, bob.keys);
    const refused = async (params: Record<string, string>, keys = alice.keys) =>
      errorOf('resetUserDataForVirtualMachine', { id: own.vmId, ...params }, keys);
    expect(await refused({ userdata: 'ssh! keys' })).toContain('not base64');
    expect(await refused({ userdata: 'aGk=', userdataid: foreign.id })).toContain('not both');
    expect(await refused({ userdataid: foreign.id })).toContain('does not exist');
    expect(await refused({ userdata: 'aGk=' }, bob.keys)).toContain('does not exist');
    await state("state = 'Running'");
    expect(await refused({ userdata: 'aGk=' })).toContain('when it is Stopped');
    await state(`operation_id = '${own.operationId}'`);
    expect(await refused({ userdata: 'aGk=' })).toContain('holds the virtual');
    expect(await rowOf(own.vmId)).toMatchObject({ user_data_sealed: null, seed_resets: 0 });
  });
});

describe('SSH keys of a machine', () => {
  beforeAll(async () => {
    for (const name of ['one', 'two'])
      await t.ok('registerSSHKeyPair', { name, publickey: (await generateSshKey(name)).line }, alice.keys);
  });
  const reset = (params: Record<string, string>) => ({ id: own.vmId, ...params });

  it('are replaced while it is stopped; its guest takes it for a new instance', async () => {
    await state("state = 'Stopped', seed_resets = 0");
    const job = await t.ok<Row>('resetSSHKeyForVirtualMachine', reset({ keypairs: 'one,two' }), alice.keys);
    expect(await t.ok('queryAsyncJobResult', { jobid: String(job['jobid']) }, alice.keys)).toMatchObject({
      jobstatus: 1,
      jobresult: { virtualmachine: { id: own.vmId, keypairs: 'one,two', keypair: 'one,two' } },
    });
    await t.ok('resetSSHKeyForVirtualMachine', reset({ keypair: 'two' }), alice.keys);
    const row = await rowOf(own.vmId);
    expect(row).toMatchObject({ key_pair_names: 'two', seed_resets: 2 });
    expect(row['public_keys']).toMatch(/^ssh-rsa \S+ two$/);
  });

  it('are those of its owner, and not replaced while it runs or is held', async () => {
    await state("state = 'Stopped'");
    expect(await errorOf('resetSSHKeyForVirtualMachine', reset({ keypair: 'three' }))).toContain(
      "A key pair with name 'three' does not exist",
    );
    expect(await errorOf('resetSSHKeyForVirtualMachine', reset({}))).toContain('Name a key pair');
    await state("state = 'Running'");
    expect(await errorOf('resetSSHKeyForVirtualMachine', reset({ keypair: 'one' }))).toContain('when it is Stopped');
    await state(`operation_id = '${own.operationId}'`);
    expect(await errorOf('resetSSHKeyForVirtualMachine', reset({ keypair: 'one' }))).toContain('holds the virtual');
  });
});
