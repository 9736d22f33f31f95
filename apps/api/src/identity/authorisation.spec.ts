/** What is another's, by enumeration of all ids that a command takes. Who may do what: test/src/hostile/authorisation-matrix.spec.ts. */
import type { Command } from '@durastack/contracts/command';
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import { newId } from '@durastack/kit/ids/new-id';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let owner: TestAccount;
let stranger: TestAccount;
let domainAdmin: TestAccount;
let foreignAdmin: TestAccount;
let belongings: Belongings;
let member: TestAccount;
/** What the owner's project owns. */
let shared: Belongings;
let userDataId: string;

beforeAll(async () => {
  t = await startTestApi();
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  owner = await t.account('owner', { domainId: acme.id });
  stranger = await t.account('stranger', { domainId: acme.id });
  domainAdmin = await t.account('dora', { domainId: acme.id, accountType: 2 });
  foreignAdmin = await t.account('rick', { domainId: rival.id, accountType: 2 });
  const place = await makePlace(t);
  belongings = await makeBelongings(t, place, owner);
  userDataId = (await t.ok<{ id: string }>('registerUserData', { name: 'data', userdata: 'aGk=' }, owner.keys)).id;
  const [project] = (await t.db.source.query('SELECT account_id FROM project WHERE id = ?', [
    belongings.projectId,
  ])) as {
    account_id: string;
  }[];
  shared = await makeBelongings(t, place, { ...owner, id: project?.account_id ?? '' });
  member = await t.account('member', { domainId: acme.id });
  await t.ok('addAccountToProject', { projectid: belongings.projectId, account: 'member' }, owner.keys);
});
afterAll(() => t.stop());

const commands = [...(await loadCatalogue()).values()];

/** Parameters that take one id. */
function idParameters(command: Command): string[] {
  return Object.entries(command.params.shape as Record<string, z.ZodType>)
    .filter(([, schema]) => wireOf(schema)?.wire === 'uuid' && !(unwrap(schema) instanceof z.ZodArray))
    .map(([name, schema]) => wireName(name, schema));
}

describe("another's things look as if they did not exist", () => {
  const cases = commands
    .filter((command) => command.roles.includes('user') && !command.roles.includes('anyone'))
    .flatMap((command) => idParameters(command).map((parameter) => [command.name, parameter] as const));

  it.each(cases)('%s by %s', async (name, parameter) => {
    const ids = { ...belongings, userDataId, sharedVm: shared.vmId, accountId: owner.id, userId: owner.userId };
    for (const id of Object.values(ids)) {
      for (const keys of [stranger.keys, foreignAdmin.keys]) {
        const unknown = newId();
        // Refused calls leave events of the caller's own, which name what was asked for.
        await t.db.source.query('DELETE FROM event');
        const foreign = await t.call(name, { [parameter]: id }, keys);
        const missing = await t.call(name, { [parameter]: unknown }, keys);
        const text = JSON.stringify([foreign.status, foreign.body]).replaceAll(id, 'ID');
        expect(text).toBe(JSON.stringify([missing.status, missing.body]).replaceAll(unknown, 'ID'));
      }
    }
  });

  it('but not to their owner, nor to administrators above', async () => {
    for (const keys of [owner.keys, domainAdmin.keys, t.admin]) {
      const { body } = await t.call('listVirtualMachines', { id: belongings.vmId }, keys);
      expect(body['count']).toBe(1);
      const job = await t.call('queryAsyncJobResult', { jobid: belongings.operationId }, keys);
      expect(job.body['jobstatus']).toBe(0);
    }
  });

  it('but those of a project not to its members', async () => {
    for (const keys of [owner.keys, member.keys, domainAdmin.keys, t.admin]) {
      const { body } = await t.call('listVirtualMachines', { id: shared.vmId }, keys);
      expect(body['count']).toBe(1);
      const job = await t.call('queryAsyncJobResult', { jobid: shared.operationId }, keys);
      expect(job.body['jobstatus']).toBe(0);
    }
    const { body } = await t.call('listVirtualMachines', { id: belongings.vmId }, member.keys);
    expect(body, 'of the owner itself').toEqual({});
  });

  it('in lists, whatever is asked for', async () => {
    const asks: Record<string, string>[] = [
      {},
      { listall: 'true' },
      { listall: 'true', isrecursive: 'true' },
      { account: 'owner', domainid: owner.domainId },
      { domainid: owner.domainId, listall: 'true' },
      { ids: belongings.vmId },
      { id: shared.vmId },
      { projectid: belongings.projectId },
      { projectid: '-1', listall: 'true' },
      { 'tags[0].key': 'env', 'tags[0].value': 'prod', listall: 'true' },
    ];
    for (const ask of asks) {
      const { body } = await t.call('listVirtualMachines', ask, stranger.keys);
      expect(body, JSON.stringify(ask)).toEqual({});
    }
  });
});

describe('nobody gives or takes more than they have', () => {
  it('no administrator of a domain makes root administrators, or touches them', async () => {
    const account = { username: 'x', password: 'p', firstname: 'x', lastname: 'x', email: 'x' };
    expect((await t.call('createAccount', { ...account, accounttype: '1' }, domainAdmin.keys)).status).toBe(432);
    const [root] = await t.ok<{ id: string }[]>('listUsers', { username: 'admin' });
    for (const command of ['getUserKeys', 'registerUserKeys', 'deleteUser'])
      expect((await t.call(command, { id: root?.id ?? '' }, domainAdmin.keys)).status).toBe(431);
  });

  it('no user reads or replaces the keys of another of the same domain', async () => {
    for (const command of ['getUserKeys', 'registerUserKeys'])
      expect((await t.call(command, { id: owner.userId }, stranger.keys)).status).toBe(431);
    expect((await t.call('getUserKeys', { id: owner.userId }, owner.keys)).status).toBe(200);
  });
});
