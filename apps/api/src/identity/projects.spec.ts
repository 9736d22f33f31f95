/** Projects: who sees, uses and changes them and what they own. */
import type { UserKeys } from '@durastack/store/seed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closed, makeBelongings, makePlace, removed, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let carl: TestAccount;
let dora: TestAccount;
let rick: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  alice = await t.account('alice', { domainId: acme.id });
  bob = await t.account('bob', { domainId: acme.id });
  carl = await t.account('carl', { domainId: acme.id });
  dora = await t.account('dora', { domainId: acme.id, accountType: 2 });
  rick = await t.account('rick', { domainId: rival.id, accountType: 2 });
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
/** A command that answers a job: what it came to. */
async function done(command: string, params: Record<string, string>, keys?: UserKeys): Promise<Row> {
  const { status, body } = await t.call(command, params, keys);
  expect(status, `${command}: ${String(body['errortext'])}`).toBe(200);
  const job = await t.ok<Row>('queryAsyncJobResult', { jobid: String(body['jobid']) }, keys);
  expect(job).toMatchObject({ jobstatus: 1, jobresultcode: 0 });
  return job['jobresult'] as Row;
}
async function project(name: string, by: TestAccount = alice): Promise<string> {
  const { project: made } = await done('createProject', { name, displaytext: `about ${name}` }, by.keys);
  return String((made as Row)['id']);
}
/** What a project owns, written as if its account had made it. */
async function things(projectId: string): Promise<Belongings> {
  const [row] = (await t.db.source.query('SELECT account_id, domain_id FROM project WHERE id = ?', [projectId])) as {
    account_id: string;
    domain_id: string;
  }[];
  return makeBelongings(t, place, { ...alice, id: row?.account_id ?? '', domainId: row?.domain_id ?? '' });
}
const names = async (keys: UserKeys, params: Record<string, string> = {}) => {
  const found = await t.ok<Row[]>('listProjects', params, keys);
  return Array.isArray(found) ? found.map(({ name }) => name) : [];
};
const machines = async (keys: UserKeys, params: Record<string, string>) => {
  const found = await t.ok<Row[]>('listVirtualMachines', params, keys);
  return Array.isArray(found) ? found.map(({ id }) => id) : [];
};

describe('projects', () => {
  it('are created by users, listed to their members and to those above', async () => {
    const id = await project('shop');
    expect(await t.ok<Row[]>('listProjects', { id }, alice.keys)).toMatchObject([
      {
        ...{ id, name: 'shop', displaytext: 'about shop', state: 'Active', domain: 'acme', tags: [] },
        owner: [{ account: 'alice' }],
      },
    ]);
    expect(await names(alice.keys)).toEqual(['shop']);
    expect(await names(bob.keys, { listall: 'true' })).toEqual([]);
    expect(await names(bob.keys, { id })).toEqual([]);
    expect(await names(dora.keys)).toEqual([]);
    expect(await names(dora.keys, { listall: 'true' })).toEqual(['shop']);
    expect(await names(rick.keys, { listall: 'true' })).toEqual([]);
    expect(await names(t.admin, { account: 'alice', domainid: alice.domainId })).toEqual(['shop']);
    expect(await errorOf('createProject', { name: 'shop' }, alice.keys)).toContain('already exists');
    expect(await names(t.admin, { listall: 'true', keyword: 'sho' })).toEqual(['shop']);
    const accounts = await t.ok<Row[]>('listAccounts', { listall: 'true' });
    expect(accounts.filter(({ name }) => String(name).startsWith('PrjAcct'))).toEqual([]);
  });

  it('own things that all their members use, and nobody else', async () => {
    const id = await project('shared');
    const { vmId, networkId } = await things(id);
    await done('addAccountToProject', { projectid: id, account: 'bob' }, alice.keys);
    for (const keys of [alice.keys, bob.keys, dora.keys, t.admin]) {
      expect(await machines(keys, { projectid: id })).toEqual([vmId]);
      expect(await machines(keys, { projectid: '-1' })).toContain(vmId);
      expect(await machines(keys, { id: vmId })).toEqual([vmId]);
      expect(await machines(keys, { listall: 'true' }), 'only when asked for').not.toContain(vmId);
    }
    for (const keys of [carl.keys, rick.keys]) {
      expect(await machines(keys, { projectid: id })).toEqual([]);
      expect(await machines(keys, { projectid: '-1' })).toEqual([]);
      expect(await machines(keys, { id: vmId })).toEqual([]);
      expect((await t.call('stopVirtualMachine', { id: vmId }, keys)).status).toBe(431);
      expect(await errorOf('createAffinityGroup', { name: 'g', type: 'host affinity', projectid: id }, keys)).toContain(
        'does not exist',
      );
    }
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: vmId }, bob.keys);
    expect(vm).toMatchObject({ projectid: id, project: 'shared', domain: 'acme' });
    expect(vm).not.toHaveProperty('account');
    expect(await t.ok('listNetworks', { id: networkId, projectid: id }, bob.keys)).toMatchObject([{ projectid: id }]);
    const group = { name: 'group', type: 'host affinity', projectid: id };
    const made = await t.call('createAffinityGroup', group, bob.keys);
    expect(made.status).toBe(200);
    expect(await t.ok('listAffinityGroups', { projectid: id }, alice.keys)).toMatchObject([{ project: 'shared' }]);
    await done('deleteAccountFromProject', { projectid: id, account: 'bob' }, alice.keys);
    expect(await machines(bob.keys, { id: vmId }), 'at once').toEqual([]);
  });

  it('are changed by their administrators and from above, not by members', async () => {
    const id = await project('team');
    await done('addUserToProject', { projectid: id, username: 'bob', roletype: 'regular' }, alice.keys);
    expect(await t.ok('listProjectAccounts', { projectid: id }, bob.keys)).toMatchObject([
      { account: 'alice', role: 'Admin' },
      { account: 'bob', userid: bob.userId, username: 'bob', role: 'Regular' },
    ]);
    expect(await t.ok('listProjectAccounts', { projectid: id, keyword: 'BO' }, bob.keys)).toHaveLength(1);
    expect(await errorOf('addUserToProject', { projectid: id, username: 'bob' }, alice.keys)).toContain('already');
    for (const [command, params] of [
      ['updateProject', { id, name: 'mine' }],
      ['suspendProject', { id }],
      ['deleteProject', { id }],
      ['addAccountToProject', { projectid: id, account: 'carl' }],
      ['deleteAccountFromProject', { projectid: id, account: 'alice' }],
    ] as const) {
      expect((await t.call(command, params as Record<string, string>, bob.keys)).status, command).toBe(432);
      expect(await errorOf(command, params as Record<string, string>, carl.keys), command).toContain('does not exist');
      expect(await errorOf(command, params as Record<string, string>, rick.keys), command).toContain('does not exist');
    }
    expect(await errorOf('deleteAccountFromProject', { projectid: id, account: 'alice' }, dora.keys)).toContain(
      'needs an administrator',
    );
    await done('updateProject', { id, userid: bob.userId, displaytext: 'ours' }, dora.keys);
    expect(await t.ok('listProjectAccounts', { projectid: id }, bob.keys)).toMatchObject([
      { account: 'alice', role: 'Regular' },
      { account: 'bob', role: 'Admin' },
    ]);
    await done('updateProject', { id, account: 'alice', roletype: 'Admin' }, bob.keys);
    await done('deleteUserFromProject', { projectid: id, userid: bob.userId }, alice.keys);
    expect(await names(bob.keys)).not.toContain('team');
  });

  it('take nothing new while they are suspended, and their machines are stopped', async () => {
    const id = await project('paused');
    const { vmId, operationId } = await things(id);
    await t.db.source.query("UPDATE operation SET state = 'succeeded', ended_at = NOW(3) WHERE id = ?", [operationId]);
    await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [vmId]);
    expect(await done('suspendProject', { id }, alice.keys)).toMatchObject({ project: { state: 'Suspended' } });
    const [row] = (await t.db.source.query(
      'SELECT kind FROM operation WHERE resource_id = ? ORDER BY seq DESC LIMIT 1',
      [vmId],
    )) as Row[];
    expect(row).toMatchObject({ kind: 'stopVirtualMachine' });
    const group = { name: 'late', type: 'host affinity', projectid: id };
    expect(await errorOf('createAffinityGroup', group, alice.keys)).toContain('is suspended');
    expect(await errorOf('startVirtualMachine', { id: vmId }, alice.keys)).toContain('is suspended');
    expect(await names(alice.keys, { state: 'Suspended' })).toEqual(['paused']);
    expect(await done('activateProject', { id }, alice.keys)).toMatchObject({ project: { state: 'Active' } });
    expect((await t.call('createAffinityGroup', group, alice.keys)).status).toBe(200);
  });

  it('go when they own nothing, and their name is free again', async () => {
    const id = await project('brief');
    const { vmId, volumeId, templateId, isoId, networkId } = await things(id);
    expect(await errorOf('deleteProject', { id }, alice.keys)).toContain('virtual machines');
    const source = t.db.source;
    await source.query("UPDATE virtual_machine SET state = 'Expunged' WHERE id = ?", [vmId]);
    await source.query("UPDATE volume SET state = 'Expunged' WHERE id = ?", [volumeId]);
    await source.query("UPDATE template SET state = 'Removed' WHERE id IN (?)", [[templateId, isoId]]);
    await source.query("UPDATE network SET state = 'Removed' WHERE id = ?", [networkId]);
    const removal = await t.ok('deleteProject', { id }, alice.keys);
    await closed(t, { type: 'project', id }, String(removal));
    expect(
      await errorOf('createAffinityGroup', { name: 'g', type: 'host affinity', projectid: id }, alice.keys),
    ).toContain('is being removed');
    await removed(t, { type: 'project', id });
    expect(await names(t.admin, { id })).toEqual([]);
    expect(await project('brief')).not.toBe(id);
  });

  it('bear tags and are found by them', async () => {
    const id = await project('tagged');
    const tag = { 'tags[0].key': 'cost', 'tags[0].value': '42' };
    await t.ok('createTags', { resourceids: id, resourcetype: 'Project', ...tag }, alice.keys);
    expect(await t.ok('listProjects', tag, alice.keys)).toMatchObject([
      { id, tags: [{ key: 'cost', value: '42', resourcetype: 'Project', project: 'tagged' }] },
    ]);
    const foreign = await t.call('createTags', { resourceids: id, resourcetype: 'Project', ...tag }, carl.keys);
    expect(foreign.status).toBe(431);
  });

  it.each([
    ['createProject', { name: '' }, 'name'],
    ['createProject', { name: 'x', account: 'nobody' }, 'no account nobody'],
    ['listVirtualMachines', { projectid: 'x' }, 'projectid'],
    ['addAccountToProject', { account: 'nobody' }, 'no account nobody'],
    ['addUserToProject', { username: 'nobody' }, 'no user nobody'],
    ['updateProject', { account: 'bob' }, 'no member'],
    ['updateProject', { account: 'carl', userid: '00000000-0000-4000-8000-000000000000' }, 'not both'],
    ['addAccountToProject', { account: 'bob', roletype: 'King' }, 'roletype'],
  ] as const)('refuse what cannot be: %s %o', async (command, params, text) => {
    const id = await project(`for ${command} ${JSON.stringify(params).slice(0, 40)}`, carl);
    const given: Record<string, string> = command.startsWith('add')
      ? { projectid: id }
      : command === 'updateProject'
        ? { id }
        : {};
    expect(await errorOf(command, { ...given, ...(params as Record<string, string>) }, dora.keys)).toContain(text);
  });
});
