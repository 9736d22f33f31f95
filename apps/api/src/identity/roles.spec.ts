/** Roles: what their rules allow, at once and everywhere, and that nobody gives more than they have. */
import { BUILT_IN_ROLES } from '@durastack/contracts/identity/roles';
import type { UserKeys } from '@durastack/store/seed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let acme: string;
let dora: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  acme = (await t.ok<{ id: string }>('createDomain', { name: 'acme' })).id;
  dora = await t.account('dora', { domainId: acme, accountType: 2 });
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');

const builtIn = (name: string) => BUILT_IN_ROLES.find((role) => role.name === name)?.id ?? '';

let made = 0;
/** An account with a role, and its keys. */
async function accountWith(roleId: string, keys?: UserKeys): Promise<{ id: string; userId: string; keys: UserKeys }> {
  made += 1;
  const name = `user${made}`;
  const account = await t.ok<{ id: string; user: { id: string }[] }>(
    'createAccount',
    {
      ...{ username: name, password: 'secret-of-the-spec', firstname: name, lastname: 'S', email: 'e@example.org' },
      ...{ roleid: roleId, domainid: acme },
    },
    keys,
  );
  const userId = account.user[0]?.id ?? '';
  const pair = await t.ok<{ apikey: string; secretkey: string }>('registerUserKeys', { id: userId });
  return { id: account.id, userId, keys: { apiKey: pair.apikey, secretKey: pair.secretkey } };
}

const role = (name: string, more: Record<string, string> = { type: 'User' }, keys?: UserKeys) =>
  t.ok<{ id: string }>('createRole', { name, ...more }, keys);
const rule = (roleId: string, name: string, permission: string, keys?: UserKeys) =>
  t.ok<{ id: string }>('createRolePermission', { roleid: roleId, rule: name, permission }, keys);
const statusOf = async (command: string, params: Record<string, string>, keys: UserKeys) =>
  (await t.call(command, params, keys)).status;

describe('roles that come with the product', () => {
  it('bear their well-known names, and stay as they are', async () => {
    const roles = await t.ok<Row[]>('listRoles');
    expect(roles.filter(({ isdefault }) => isdefault).map(({ name, type }) => `${name}: ${type}`)).toEqual([
      ...['Root Admin: Admin', 'Domain Admin: DomainAdmin', 'Resource Admin: ResourceAdmin', 'User: User'],
      ...['Read-Only Admin - Default: Admin', 'Read-Only User - Default: User'],
      ...['Support Admin - Default: Admin', 'Support User - Default: User'],
    ]);
    const id = builtIn('Root Admin');
    for (const [command, params] of [
      ['updateRole', { id, name: 'other' }],
      ['deleteRole', { id }],
      ['disableRole', { id }],
      ['createRolePermission', { roleid: id, rule: 'x', permission: 'deny' }],
    ] as const)
      expect(await errorOf(command, params as Record<string, string>), command).toContain('came with the product');
    expect(await t.ok<Row[]>('listRolePermissions', { roleid: id })).toMatchObject([
      { rule: '*', permission: 'allow' },
    ]);
    const user = await t.ok<Row[]>('listRolePermissions', { roleid: builtIn('User') });
    expect(user.map(({ rule: name }) => name)).toContain('deployVirtualMachine');
    expect(user.map(({ rule: name }) => name)).not.toContain('addHost');
  });

  it('read only, or support, and nothing else', async () => {
    const reader = await accountWith(builtIn('Read-Only Admin - Default'));
    expect(await statusOf('listHosts', {}, reader.keys)).toBe(200);
    expect(await statusOf('createZone', { name: 'z' }, reader.keys)).toBe(432);
    expect(await statusOf('getUserKeys', { id: dora.userId }, reader.keys)).toBe(432);
    const helper = await accountWith(builtIn('Support User - Default'));
    expect(await statusOf('startVirtualMachine', {}, helper.keys)).toBe(431);
    expect(await statusOf('deployVirtualMachine', {}, helper.keys)).toBe(432);
    const apis = await t.ok<Row[]>('listApis', {}, reader.keys);
    expect(apis.map(({ name }) => name)).not.toContain('createZone');
  });
});

describe('roles that somebody made', () => {
  it('allow what the first matching rule allows, and change at once', async () => {
    const { id } = await role('network people');
    const { keys } = await accountWith(id);
    expect(await statusOf('listNetworks', {}, keys), 'nothing is allowed').toBe(432);
    const allow = await rule(id, 'list*', 'allow');
    expect(await statusOf('listNetworks', {}, keys)).toBe(200);
    const deny = await rule(id, 'LISTnetworks', 'deny');
    expect(await statusOf('listNetworks', {}, keys), 'it stands behind the other').toBe(200);
    await t.ok('updateRolePermission', { roleid: id, ruleorder: `${deny.id},${allow.id}` });
    expect(await statusOf('listNetworks', {}, keys)).toBe(432);
    expect(await statusOf('listZones', {}, keys)).toBe(200);
    await t.ok('updateRolePermission', { roleid: id, ruleid: deny.id, permission: 'allow' });
    expect(await statusOf('listNetworks', {}, keys)).toBe(200);
    await t.ok('disableRole', { id });
    expect(await statusOf('listZones', {}, keys)).toBe(432);
    await t.ok('enableRole', { id });
    await t.ok('deleteRolePermission', { id: allow.id });
    expect(await statusOf('listZones', {}, keys)).toBe(432);
    expect(await t.ok<Row[]>('listRolePermissions', { roleid: id })).toMatchObject([{ rule: 'LISTnetworks' }]);
  });

  it('give no more than their type has, whatever the rules say', async () => {
    const { id } = await role('everything of a user');
    await rule(id, '*', 'allow');
    const { keys } = await accountWith(id);
    expect(await statusOf('listZones', {}, keys)).toBe(200);
    expect(await statusOf('addHost', {}, keys)).toBe(432);
    expect(await statusOf('listRoles', {}, keys)).toBe(432);
  });

  it('are copied, imported, changed and removed', async () => {
    const copy = await role('as users', { roleid: builtIn('User') });
    const rules = await t.ok<Row[]>('listRolePermissions', { roleid: copy.id });
    expect(rules.length).toBeGreaterThan(30);
    const given = { 'rules[0].rule': 'list*', 'rules[0].permission': 'allow', 'rules[1].rule': '*' };
    const imported = { name: 'imported', type: 'DomainAdmin', ...given, 'rules[1].permission': 'Deny' };
    const first = await t.ok<Row>('importRole', imported);
    expect(first).toMatchObject({ name: 'imported', type: 'DomainAdmin', isdefault: false, state: 'enabled' });
    expect(await errorOf('importRole', imported)).toContain('forced=true');
    expect(await t.ok<Row>('importRole', { ...imported, forced: 'true' })).toMatchObject({ id: first['id'] });
    expect(await errorOf('importRole', { ...imported, name: 'x', 'rules[1].rule': 'a b' })).toContain('rules[1].rule');
    expect(await t.ok('updateRole', { id: copy.id, name: 'renamed' })).toMatchObject({ name: 'renamed', type: 'User' });
    const { id } = await accountWith(copy.id);
    expect(await errorOf('updateRole', { id: copy.id, type: 'Admin' })).toContain('in use');
    expect(await errorOf('deleteRole', { id: copy.id })).toContain('in use');
    await t.ok('updateAccount', { id, roleid: builtIn('User') });
    await t.ok('deleteRole', { id: copy.id });
    expect(await errorOf('createAccount', { roleid: copy.id })).toContain('missing parameter');
  });

  it.each([
    ['createRole', { name: 'x', type: 'User' }, 'Give either the type'],
    ['createRole', { name: 'x', type: 'Nobody' }, 'type'],
    ['createRolePermission', { rule: 'a;b', permission: 'allow' }, 'rule'],
    ['createRolePermission', { rule: 'a', permission: 'perhaps' }, 'permission'],
    ['updateRolePermission', { ruleorder: '' }, 'ruleorder'],
  ] as const)('refuse what cannot be: %s %o', async (command, params, text) => {
    const { id } = await role(`of ${command} ${JSON.stringify(params)}`);
    expect(await errorOf(command, { roleid: id, ...(params as Record<string, string>) })).toContain(text);
  });
});

describe('nobody gives, changes or acts as what they lack', () => {
  let clerk: { id: string; userId: string; keys: UserKeys };
  let clerkRole: string;
  beforeAll(async () => {
    clerkRole = (await role('clerk', { type: 'Admin' })).id;
    for (const name of ['*Role*', '*Account*', '*User*', 'list*']) await rule(clerkRole, name, 'allow');
    clerk = await accountWith(clerkRole);
  });

  it('by roles', async () => {
    expect(await errorOf('createRole', { name: 'all', type: 'Admin', roleid: '' }, clerk.keys)).toBe('');
    const [all] = await t.ok<{ id: string }[]>('listRoles', { name: 'all' });
    const more = { roleid: all?.id ?? '', rule: 'createZone', permission: 'allow' };
    expect(await errorOf('createRolePermission', more, clerk.keys)).toContain('lacks: it allows createZone');
    expect(await errorOf('createRolePermission', { ...more, roleid: clerkRole, rule: '*' }, clerk.keys)).toContain(
      'lacks',
    );
    const deny = await rule(all?.id ?? '', 'addHost', 'deny');
    await rule(all?.id ?? '', '*', 'allow');
    expect(await errorOf('deleteRolePermission', { id: deny.id }, clerk.keys)).toContain('lacks');
    expect(await errorOf('createRole', { name: 'copy', roleid: builtIn('Root Admin') }, clerk.keys)).toContain('lacks');
    expect(await t.ok<Row[]>('listRoles', { name: 'copy' })).toEqual({});
  });

  it('by accounts, users and keys', async () => {
    const [root] = await t.ok<{ id: string; accountid: string }[]>('listUsers', { username: 'admin' });
    const person = { username: 'p', password: 'secret-of-p', firstname: 'p', lastname: 'p', email: 'p' };
    for (const [command, params] of [
      ['createAccount', { ...person, accounttype: '1' }],
      ['createUser', { ...person, account: 'admin', domainid: '' }],
      ['updateAccount', { id: clerk.id, roleid: builtIn('Root Admin') }],
      ['updateAccount', { id: dora.id, roleid: builtIn('Root Admin') }],
      ['getUserKeys', { id: root?.id ?? '' }],
      ['registerUserKeys', { id: root?.id ?? '' }],
      ['updateUser', { id: root?.id ?? '', password: 'taken-over-1' }],
      ['deleteUser', { id: root?.id ?? '' }],
    ] as const) {
      const { status, body } = await t.call(command, params as Record<string, string>, clerk.keys);
      expect(status, `${command}: ${String(body['errortext'])}`).toBeGreaterThan(400);
    }
    const { id } = await accountWith(clerkRole, clerk.keys);
    expect(id).not.toBe('');
  });

  it('by administrators of a domain, who see only what they may give', async () => {
    const secret = await role('not public', { type: 'User', ispublic: 'false' });
    const names = (await t.ok<Row[]>('listRoles', {}, dora.keys)).map(({ name }) => name);
    expect(names).toContain('User');
    for (const name of ['not public', 'Root Admin', 'clerk']) expect(names).not.toContain(name);
    const person = { username: 'q', password: 'secret-of-q', firstname: 'q', lastname: 'q', email: 'q' };
    expect(await errorOf('createAccount', { ...person, roleid: secret.id }, dora.keys)).toContain('There is no role');
    expect(await errorOf('createAccount', { ...person, roleid: clerkRole }, dora.keys)).toContain('lacks');
    expect(await errorOf('listRolePermissions', { roleid: secret.id }, dora.keys)).toContain('does not exist');
  });

  it('and the first administrator stays', async () => {
    const [admin] = await t.ok<{ id: string; isdefault: boolean }[]>('listAccounts', {
      name: 'admin',
      listall: 'true',
    });
    expect(admin?.isdefault).toBe(true);
    const other = await accountWith(builtIn('Root Admin'));
    for (const [command, params] of [
      ['deleteAccount', { id: admin?.id ?? '' }],
      ['updateAccount', { id: admin?.id ?? '', roleid: builtIn('User') }],
    ] as const)
      expect(await errorOf(command, params as Record<string, string>, other.keys)).toContain('came with the product');
  });
});
