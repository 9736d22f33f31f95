/** What one API process changes holds for the very next call to another: rights are remembered by version alone. */
import { signRequest } from '@durastack/kit/cloudstack/signature';
import { createLogger } from '@durastack/kit/log/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi, type Api } from '../boot.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let other: Api;
beforeAll(async () => {
  t = await startTestApi();
  other = await createApi(t.api.platform.settings, createLogger('other-api', 'silent'), { database: t.db.source });
});
afterAll(async () => {
  await other.close();
  await t.stop();
});

/** A signed call to the process that did not make the change. */
async function there(command: string, params: Record<string, string>, { keys }: TestAccount): Promise<number> {
  const unsigned = { ...params, command, response: 'json', apiKey: keys.apiKey };
  const query = new URLSearchParams({ ...unsigned, signature: signRequest(unsigned, keys.secretKey) });
  return (await other.server.inject({ method: 'GET', url: `/client/api?${query.toString()}` })).statusCode;
}

let made = 0;
const somebody = () => t.account(`somebody-${(made += 1)}`);

interface Change {
  /** What the other process answers before and after it. */
  readonly after: number;
  readonly make: (who: TestAccount) => Promise<unknown>;
}

const CHANGES: Readonly<Record<string, Change>> = {
  'a user is disabled': { after: 401, make: ({ userId: id }) => t.ok('disableUser', { id }) },
  'a user is locked': { after: 401, make: ({ userId: id }) => t.ok('lockUser', { id }) },
  'an account is locked': { after: 401, make: ({ id }) => t.ok('disableAccount', { id, lock: 'true' }) },
  'keys are replaced': { after: 401, make: ({ userId: id }) => t.ok('registerUserKeys', { id }) },
  'a user is deleted': { after: 401, make: ({ userId: id }) => t.ok('deleteUser', { id }) },
};

describe('at once, for other processes as well', () => {
  it.each(Object.entries(CHANGES))('%s', async (_what, { after, make }) => {
    const who = await somebody();
    expect(await there('listZones', {}, who)).toBe(200);
    await make(who);
    expect(await there('listZones', {}, who)).toBe(after);
  });

  it('a rule is added, changed and removed, and a role is disabled', async () => {
    const who = await somebody();
    const { id: roleid } = await t.ok<{ id: string }>('createRole', { name: 'few', type: 'User' });
    await t.ok('updateAccount', { id: who.id, roleid });
    expect(await there('listZones', {}, who)).toBe(432);
    const rule = await t.ok<{ id: string }>('createRolePermission', { roleid, rule: 'list*', permission: 'allow' });
    expect(await there('listZones', {}, who)).toBe(200);
    await t.ok('updateRolePermission', { roleid, ruleid: rule.id, permission: 'deny' });
    expect(await there('listZones', {}, who)).toBe(432);
    await t.ok('updateRolePermission', { roleid, ruleid: rule.id, permission: 'allow' });
    expect(await there('listZones', {}, who)).toBe(200);
    await t.ok('disableRole', { id: roleid });
    expect(await there('listZones', {}, who)).toBe(432);
    await t.ok('enableRole', { id: roleid });
    expect(await there('listZones', {}, who)).toBe(200);
    await t.ok('deleteRolePermission', { id: rule.id });
    expect(await there('listZones', {}, who)).toBe(432);
  });

  it('a member leaves a project, or has another role in it', async () => {
    const [owner, member] = [await somebody(), await somebody()];
    await t.ok('createProject', { name: 'fresh', account: owner.name, domainid: owner.domainId });
    const [project] = await t.ok<{ id: string }[]>('listProjects', { name: 'fresh', listall: 'true' });
    const projectid = project?.id ?? '';
    const role = await t.ok<{ id: string }>('createProjectRole', { projectid, name: 'watcher' });
    const rule = { projectid, projectroleid: role.id, rule: 'listProjectRoles' };
    const { id: ruleid } = await t.ok<{ id: string }>('createProjectRolePermission', { ...rule, permission: 'allow' });
    await t.ok('addAccountToProject', { projectid, account: member.name, projectroleid: role.id });
    expect(await there('listProjectRoles', { projectid }, member)).toBe(200);
    await t.ok('updateProjectRolePermission', {
      ...{ projectid, projectroleid: role.id, projectrolepermissionid: ruleid, permission: 'deny' },
    });
    expect(await there('listProjectRoles', { projectid }, member)).toBe(432);
    await t.ok('deleteAccountFromProject', { projectid, account: member.name });
    expect(await there('listProjectRoles', { projectid }, member)).toBe(431);
  });
});
