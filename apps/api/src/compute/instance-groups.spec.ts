/** Instance groups: names that machines are found by. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  const place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
  await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [own.vmId]);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const machine = async () => (await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys))[0];
const groups = async (keys = alice.keys, params: Record<string, string> = {}) =>
  ((await t.call('listInstanceGroups', params, keys)).body['instancegroup'] ?? []) as Row[];

describe('instance groups', () => {
  it('are created, renamed with their machines, and removed from them', async () => {
    const made = await t.ok<Row>('createInstanceGroup', { name: 'web' }, alice.keys);
    const id = String(made['id']);
    expect(made).toMatchObject({ name: 'web', account: 'alice', domain: 'ROOT' });
    expect(await errorOf('createInstanceGroup', { name: 'web' })).toContain('a group with name web already exists');
    await t.ok('updateVirtualMachine', { id: own.vmId, group: 'web' }, alice.keys);
    expect(await machine()).toMatchObject({ group: 'web', groupid: id });
    expect(await t.ok('updateInstanceGroup', { id, name: 'front' }, alice.keys)).toMatchObject({ name: 'front' });
    expect(await machine()).toMatchObject({ group: 'front', groupid: id });
    expect(await t.ok('listVirtualMachines', { groupid: id }, alice.keys)).toHaveLength(1);
    await t.ok('createInstanceGroup', { name: 'other' }, alice.keys);
    expect(await errorOf('updateInstanceGroup', { id, name: 'other' })).toContain('already exists');
    expect(await groups(alice.keys, { name: 'front' })).toHaveLength(1);
    await t.ok('deleteInstanceGroup', { id }, alice.keys);
    expect(await machine()).not.toHaveProperty('group');
    expect((await t.call('listVirtualMachines', { groupid: id }, alice.keys)).body).toEqual({});
  });

  it('come about with the first machine that is put into them', async () => {
    await t.ok('updateVirtualMachine', { id: own.vmId, group: 'new' }, alice.keys);
    const [group] = await groups(alice.keys, { keyword: 'ne' });
    expect(group).toMatchObject({ name: 'new', account: 'alice' });
    expect(await machine()).toMatchObject({ group: 'new', groupid: group?.['id'] });
  });

  it("are their account's", async () => {
    const [group] = await groups();
    const id = String(group?.['id']);
    expect(await groups(bob.keys, { listall: 'true' })).toEqual([]);
    for (const [command, params] of [
      ['updateInstanceGroup', { id, name: 'mine' }],
      ['deleteInstanceGroup', { id }],
    ] as const)
      expect(await errorOf(command, params as Record<string, string>, bob.keys), command).toContain('does not exist');
    const same = await t.ok<Row>('createInstanceGroup', { name: String(group?.['name']) }, bob.keys);
    expect(same['id']).not.toBe(id);
    expect(await errorOf('createInstanceGroup', { name: '' }, bob.keys)).toContain('name');
  });
});
