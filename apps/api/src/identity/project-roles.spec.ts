/** Roles of projects, and invitations: what members may do with what a project owns, and how they come in. */
import type { UserKeys } from '@durastack/store/seed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let [alice, bob, carl, rick]: TestAccount[] = [];
let projectId: string;
let things: Belongings;
const someone = (account: TestAccount | undefined): TestAccount => {
  if (!account) throw new TypeError('not made');
  return account;
};

beforeAll(async () => {
  t = await startTestApi();
  const place = await makePlace(t);
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  alice = await t.account('alice', { domainId: acme.id });
  bob = await t.account('bob', { domainId: acme.id });
  carl = await t.account('carl', { domainId: acme.id });
  rick = await t.account('rick', { domainId: rival.id, accountType: 2 });
  projectId = await project('shop');
  const [row] = (await t.db.source.query('SELECT account_id FROM project WHERE id = ?', [projectId])) as Row[];
  things = await makeBelongings(t, place, { ...alice, id: String(row?.['account_id']) });
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = someone(alice).keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
async function project(name: string): Promise<string> {
  const { id } = await t.ok<{ id: string }>('createProject', { name }, someone(alice).keys);
  return id;
}
const role = async (name: string, rules: [string, string][]) => {
  const made = await t.ok<Row>('createProjectRole', { projectid: projectId, name }, someone(alice).keys);
  const id = String(made['id']);
  for (const [rule, permission] of rules)
    await t.ok(
      'createProjectRolePermission',
      { projectid: projectId, projectroleid: id, rule, permission },
      someone(alice).keys,
    );
  return id;
};
const rulesOf = async (roleId: string, keys = someone(alice).keys) =>
  t.ok<Row[]>('listProjectRolePermissions', { projectid: projectId, projectroleid: roleId }, keys);
const sees = async (keys: UserKeys) =>
  (await t.call('listVirtualMachines', { projectid: projectId }, keys)).body['count'] === 1;
const statusOf = async (command: string, params: Record<string, string>, keys: UserKeys) =>
  (await t.call(command, params, keys)).status;

describe('roles of projects', () => {
  it('are made, changed and listed in their project', async () => {
    const id = await role('reader', [['list*', 'allow']]);
    expect(await t.ok('listProjectRoles', { projectid: projectId, projectroleid: id }, someone(alice).keys)).toEqual([
      { id, name: 'reader', projectid: projectId, ispublic: true },
    ]);
    const changed = { id, projectid: projectId, name: 'Reader', description: 'reads' };
    expect(await t.ok('updateProjectRole', changed, someone(alice).keys)).toMatchObject({
      name: 'Reader',
      description: 'reads',
    });
    expect(await errorOf('createProjectRole', { projectid: projectId, name: 'Reader' })).toContain('already');
    const given = { projectid: projectId, projectroleid: id };
    expect(await errorOf('createProjectRolePermission', { ...given, rule: 'list*', permission: 'deny' })).toContain(
      'already',
    );
    expect(await errorOf('createProjectRolePermission', { ...given, rule: 'a b', permission: 'deny' })).toContain(
      'rule',
    );
    await t.ok('createProjectRolePermission', { ...given, rule: 'listHosts', permission: 'deny' }, someone(alice).keys);
    const [first, second] = await rulesOf(id);
    expect(first).toMatchObject({
      rule: 'list*',
      permission: 'allow',
      projectrolename: 'Reader',
      projectid: projectId,
    });
    const ids = [String(second?.['id']), String(first?.['id'])];
    await t.ok('updateProjectRolePermission', { ...given, ruleorder: ids.join(',') }, someone(alice).keys);
    await t.ok(
      'updateProjectRolePermission',
      { ...given, projectrolepermissionid: ids[1] ?? '', permission: 'deny' },
      someone(alice).keys,
    );
    expect((await rulesOf(id)).map(({ rule, permission }) => `${rule} ${permission}`)).toEqual([
      'listHosts deny',
      'list* deny',
    ]);
    expect(await errorOf('updateProjectRolePermission', { ...given, ruleorder: ids[0] ?? '' })).toContain(
      'each of the 2 rules',
    );
    await t.ok('deleteProjectRolePermission', { projectid: projectId, id: ids[0] ?? '' }, someone(alice).keys);
    expect(await rulesOf(id)).toHaveLength(1);
    await t.ok('deleteProjectRole', { projectid: projectId, id }, someone(alice).keys);
    expect(await errorOf('listProjectRolePermissions', given)).toContain('does not exist');
  });

  it('say what a regular member may do with what the project owns, from the next call on', async () => {
    const { keys } = someone(bob);
    const id = await role('operator', [
      ['list*', 'allow'],
      ['createTags', 'allow'],
    ]);
    expect(await sees(keys), 'before').toBe(false);
    await t.ok('addUserToProject', { projectid: projectId, username: 'bob', projectroleid: id }, someone(alice).keys);
    expect(await t.ok('listProjectAccounts', { projectid: projectId, projectroleid: id }, keys)).toMatchObject([
      { account: 'bob' },
    ]);
    expect(await sees(keys)).toBe(true);
    const tag = { resourceids: things.vmId, resourcetype: 'UserVm', 'tags[0].key': 'a', 'tags[0].value': 'b' };
    expect(await statusOf('createTags', tag, keys)).toBe(200);
    const refused = await t.call('stopVirtualMachine', { id: things.vmId }, keys);
    expect([refused.status, refused.body['errortext']]).toEqual([
      432,
      expect.stringContaining('role that you have in this project'),
    ]);
    const group = { name: 'g', type: 'host affinity', projectid: projectId };
    expect(await statusOf('createAffinityGroup', group, keys)).toBe(432);
    expect(await statusOf('createAffinityGroup', { name: 'own', type: 'host affinity' }, keys), 'outside it').toBe(200);
    const rule = { projectid: projectId, projectroleid: id, rule: 'stopVirtualMachine', permission: 'allow' };
    await t.ok('createProjectRolePermission', rule, someone(alice).keys);
    expect(await statusOf('stopVirtualMachine', { id: things.vmId }, keys), 'at once').toBe(200);
    const [first] = await rulesOf(id);
    await t.ok('deleteProjectRolePermission', { projectid: projectId, id: String(first?.['id']) }, someone(alice).keys);
    expect(await sees(keys)).toBe(false);
    expect(await t.ok('listProjects', {}, keys), 'where it is a member').toHaveLength(1);
    expect(await errorOf('deleteProjectRole', { projectid: projectId, id })).toContain('remove them first');
    await t.ok('updateProject', { id: projectId, userid: someone(bob).userId, roletype: 'Admin' }, someone(alice).keys);
    expect(await sees(keys), 'administrators do everything').toBe(true);
    await t.ok('deleteUserFromProject', { projectid: projectId, userid: someone(bob).userId }, someone(alice).keys);
    await t.ok('deleteProjectRole', { projectid: projectId, id }, someone(alice).keys);
  });

  it('are changed by administrators of the project alone, and seen by nobody else', async () => {
    const id = await role('seen', [['list*', 'allow']]);
    await t.ok(
      'addAccountToProject',
      { projectid: projectId, account: 'carl', projectroleid: id },
      someone(alice).keys,
    );
    expect(await t.ok('listProjectRoles', { projectid: projectId }, someone(carl).keys)).toHaveLength(1);
    for (const [command, params] of [
      ['createProjectRole', { name: 'x' }],
      ['updateProjectRole', { id, name: 'x' }],
      ['deleteProjectRole', { id }],
      ['createProjectRolePermission', { projectroleid: id, rule: '*', permission: 'allow' }],
    ] as const) {
      const given = { ...params, projectid: projectId } as Record<string, string>;
      expect(await statusOf(command, given, someone(carl).keys), command).toBe(432);
      expect(await errorOf(command, given, someone(rick).keys), command).toContain('does not exist');
    }
    const other = await project('other');
    expect(await errorOf('deleteProjectRole', { projectid: other, id }), 'of another project').toContain(
      'does not exist',
    );
    const asAdmin = { projectid: other, account: 'carl', roletype: 'Admin', projectroleid: id };
    expect(await errorOf('addAccountToProject', asAdmin)).toContain('does not exist');
    await t.ok('deleteAccountFromProject', { projectid: projectId, account: 'carl' }, someone(alice).keys);
  });
});

describe('invitations', () => {
  const set = (name: string, value: string) => t.ok('updateConfiguration', { name, value });
  const invitations = async (keys: UserKeys, params: Record<string, string> = {}) => {
    const { body } = await t.call('listProjectInvitations', params, keys);
    return ((body['projectinvitation'] ?? []) as Row[]).map(({ account, state }) => `${account} ${state}`);
  };
  beforeAll(() => set('project.invite.required', 'true'));
  afterAll(() => t.ok('resetConfiguration', { name: 'project.invite.required' }));

  it('make nobody a member until they accept', async () => {
    const [owner, guest] = [someone(alice).keys, someone(bob).keys];
    await t.ok('addAccountToProject', { projectid: projectId, account: 'bob', email: 'bob@example.org' }, owner);
    expect(await sees(guest)).toBe(false);
    expect(await errorOf('addAccountToProject', { projectid: projectId, account: 'bob' })).toContain('invited');
    for (const keys of [owner, guest]) expect(await invitations(keys)).toEqual(['bob Pending']);
    expect(await invitations(someone(carl).keys, { listall: 'true' }), 'not their business').toEqual([]);
    expect(await invitations(someone(rick).keys, { listall: 'true' })).toEqual([]);
    expect(await errorOf('updateProjectInvitation', { projectid: projectId }, someone(carl).keys)).toContain(
      'does not exist',
    );
    expect(
      await errorOf('updateProjectInvitation', { projectid: projectId, account: 'bob' }, someone(carl).keys),
    ).toContain('does not exist');
    await t.ok('updateProjectInvitation', { projectid: projectId }, guest);
    expect(await sees(guest)).toBe(true);
    expect(await invitations(guest, { activeonly: 'true' })).toEqual([]);
    expect(await invitations(guest, { state: 'Completed' })).toEqual(['bob Completed']);
    expect(await errorOf('updateProjectInvitation', { projectid: projectId }, guest), 'once').toContain(
      'does not exist',
    );
  });

  it('are declined, taken back, and expire', async () => {
    const owner = someone(alice).keys;
    const guest = someone(carl);
    const invite = () => t.ok('addUserToProject', { projectid: projectId, username: 'carl' }, owner);
    await invite();
    await t.ok('updateProjectInvitation', { projectid: projectId, userid: guest.userId, accept: 'false' }, guest.keys);
    expect(await invitations(guest.keys, { projectid: projectId })).toEqual(['carl Declined']);
    await invite();
    const [open] = await t.ok<Row[]>('listProjectInvitations', { activeonly: 'true' }, guest.keys);
    const id = String(open?.['id']);
    expect(open).toMatchObject({ project: 'shop', userid: guest.userId, domain: 'acme' });
    for (const keys of [guest.keys, someone(rick).keys])
      expect(await errorOf('deleteProjectInvitation', { id }, keys)).toContain(`id value=${id}`);
    await t.ok('deleteProjectInvitation', { id }, owner);
    expect(await invitations(guest.keys, { activeonly: 'true' })).toEqual([]);
    await invite();
    await t.db.source.query("UPDATE project_invitation SET expires_at = '2020-01-01' WHERE state = 'Pending'");
    expect(await invitations(guest.keys, { state: 'Expired' })).toEqual(['carl Expired']);
    expect(await errorOf('updateProjectInvitation', { projectid: projectId }, guest.keys)).toContain('expired');
    expect(await sees(guest.keys)).toBe(false);
  });
});

describe('settings of projects', () => {
  it('say whether users may create them', async () => {
    await t.ok('updateConfiguration', { name: 'Allow.User.Create.Projects', value: 'FALSE' });
    expect(await t.ok('listConfigurations', { name: 'allow.user.create.projects' })).toMatchObject([
      { value: 'false', defaultvalue: 'true', scope: 'Domain', type: 'Boolean', isdynamic: true },
    ]);
    expect(await errorOf('createProject', { name: 'none' })).toContain('may not create');
    await t.ok('resetConfiguration', { name: 'allow.user.create.projects' });
    expect(await errorOf('updateConfiguration', { name: 'project.invite.timeout', value: '1' }, t.admin)).toContain(
      'from 1000',
    );
    await project('again');
  });
});
