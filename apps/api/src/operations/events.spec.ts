/** The log of who did what: by enumeration, so that no command is added which leaves nothing in it. */
import type { Command } from '@durastack/contracts/command';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let dora: TestAccount;
let rick: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  alice = await t.account('alice', { domainId: acme.id });
  bob = await t.account('bob', { domainId: acme.id });
  dora = await t.account('dora', { domainId: acme.id, accountType: 2 });
  rick = await t.account('rick', { domainId: rival.id, accountType: 2 });
  own = await makeBelongings(t, await makePlace(t), alice);
});
beforeEach(() => t.db.source.query('DELETE FROM event'));
afterAll(() => t.stop());

const rows = async (): Promise<Row[]> =>
  (await t.db.source.query('SELECT e.*, u.username FROM event e LEFT JOIN user u ON u.id = e.user_id')) as Row[];

const catalogue = [...(await loadCatalogue()).values()];
const commands = catalogue.filter(({ roles }) => !roles.includes('anyone'));
const named = (found: readonly Command[]) => found.map((command) => [command.name, command] as const);
const reads = commands.filter(({ isList, readOnly }) => isList === true || readOnly === true);
const changes = commands.filter((command) => !reads.includes(command));

describe('every command that changes something says who, what, from where and what came of it', () => {
  it.each(named(changes))('%s', async (name, command) => {
    // It would take the keys that this spec calls with.
    const params = name === 'registerUserKeys' ? { id: 'nobody' } : {};
    const { status, body } = await t.call(name, params as Record<string, string>, alice.keys);
    const [event, ...others] = await rows();
    expect(others).toEqual([]);
    const refused = status !== 200;
    expect(event).toMatchObject({
      ...{ username: 'alice', account_id: alice.id, type: command.event, source_address: '127.0.0.1' },
      level: refused ? 'ERROR' : 'INFO',
      state: command.operation && !refused ? 'Scheduled' : 'Completed',
    });
    if (refused) expect(event?.['description']).toBe(`${name} failed: ${String(body['errortext'])}`);
  });

  it.each(named(reads))('%s changes nothing and says nothing', async (name) => {
    await t.call(name, {}, t.admin);
    expect(await rows()).toEqual([]);
  });

  it('also of REST, by what is wrong in the body and by what the role leaves out', async () => {
    const rest = (method: 'POST', url: string, payload: object) =>
      t.api.server.inject({
        ...{ method, url, payload },
        headers: { authorization: `Bearer ${alice.keys.apiKey}:${alice.keys.secretKey}` },
      });
    expect((await rest('POST', '/api/v1/instance-groups', { nome: 'web' })).statusCode).toBe(400);
    expect((await rest('POST', '/api/v1/zones', { name: 'z' })).statusCode).toBe(403);
    expect((await rest('POST', '/api/v1/instance-groups', { name: 'web' })).statusCode).toBe(201);
    const found = (await rows()).map(({ type, level, username }) => [type, level, username].join(' '));
    expect(found.toSorted()).toEqual([
      ...['VM.GROUP.CREATE ERROR alice', 'VM.GROUP.CREATE INFO alice', 'ZONE.CREATE ERROR alice'],
    ]);
  });
});

describe('listEventTypes', () => {
  const named = async (params: Record<string, string> = {}, keys = alice.keys) =>
    (await t.ok<Row[]>('listEventTypes', params, keys)).map(({ name }) => name);

  it('gives every type that an event can have, each once', async () => {
    const types = await named();
    const declared = catalogue.flatMap(({ event }) => event ?? []);
    expect(types).toEqual([...new Set([...declared, 'RECOVERY'])].toSorted());
    await t.ok('createInstanceGroup', { name: 'typed' }, alice.keys);
    expect(types).toContain((await rows())[0]?.['type']);
  });

  it('by keyword and by page', async () => {
    expect(await named({ keyword: 'vm.group.' })).toEqual(['VM.GROUP.CREATE', 'VM.GROUP.DELETE', 'VM.GROUP.UPDATE']);
    const all = await named();
    expect(await named({ page: '2', pagesize: '7' })).toEqual(all.slice(7, 14));
  });

  it('of REST too, to the last page', async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: TypesPage = await readPage(cursor === '' ? {} : { cursor });
      seen.push(...page.items.map(({ name }) => name));
      sizes.push(page.items.length);
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(await named());
    expect(new Set(sizes.slice(0, -1))).toEqual(new Set([50]));
  });

  interface TypesPage {
    readonly items: readonly { readonly name: string }[];
    readonly nextCursor?: string;
  }
  async function readPage(query: Record<string, string>): Promise<TypesPage> {
    const reply = await t.api.server.inject({
      ...{ method: 'GET', url: '/api/v1/event-types', query: { limit: '50', ...query } },
      headers: { authorization: `Bearer ${alice.keys.apiKey}:${alice.keys.secretKey}` },
    });
    return reply.json<TypesPage>();
  }
});

describe('events', () => {
  const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) => {
    const { status, body } = await t.call(command, params, keys);
    return [status, String(body['errortext'] ?? '')] as const;
  };
  /** Types of the events that are listed, without those of archiving and deleting themselves. */
  const listed = async (keys = alice.keys, params: Record<string, string> = {}) => {
    const { body } = await t.call('listEvents', { listall: 'true', ...params }, keys);
    const all = (body['event'] ?? []) as Row[];
    return all.map(({ type }) => String(type)).filter((type) => !type.startsWith('EVENT.'));
  };
  const idOf = async (type: string) => String((await rows()).find((row) => row['type'] === type)?.['id']);
  const twoOf = async ({ keys, name }: TestAccount) => {
    await t.ok('createInstanceGroup', { name: `group-${name}-${Math.random()}` }, keys);
    await t.ok('createAffinityGroup', { name: `apart-${name}-${Math.random()}`, type: 'host anti-affinity' }, keys);
  };

  it('are archived by id, by type and by time, and shown when asked for', async () => {
    await twoOf(alice);
    const id = await idOf('VM.GROUP.CREATE');
    expect(await t.ok('archiveEvents', { ids: id }, alice.keys)).toBe('true');
    expect(await listed()).toEqual(['AG.CREATE']);
    expect(await listed(alice.keys, { archived: 'true' })).toEqual(['VM.GROUP.CREATE']);
    const [found] = await t.ok<Row[]>('listEvents', { id }, alice.keys);
    expect(found).toMatchObject({ id, archived: true });
    await t.ok('archiveEvents', { type: 'AG.CREATE', startdate: '2000-01-01', enddate: '2000-12-31' }, alice.keys);
    expect(await listed()).toEqual(['AG.CREATE']);
    await t.ok('archiveEvents', { startdate: '2000-01-01' }, alice.keys);
    expect(await listed()).toEqual([]);
  });

  it('are deleted for good, and that is an event', async () => {
    await twoOf(alice);
    await t.ok('deleteEvents', { type: 'VM.GROUP.CREATE' }, alice.keys);
    expect(await listed()).toEqual(['AG.CREATE']);
    expect(await listed(alice.keys, { archived: 'true' })).toEqual([]);
    expect((await rows()).map(({ type }) => String(type)).toSorted()).toEqual(['AG.CREATE', 'EVENT.DELETE']);
  });

  it('are refused when nothing, nonsense, or one of somebody else is named, and then none goes', async () => {
    await twoOf(alice);
    await twoOf(bob);
    const [mine, theirs] = [await idOf('AG.CREATE'), (await rows()).find((row) => row['username'] === 'bob')?.['id']];
    for (const command of ['archiveEvents', 'deleteEvents']) {
      expect((await errorOf(command, {}))[1]).toContain('Say which events');
      expect((await errorOf(command, { ids: '' }))[1]).toContain('Say which events');
      expect((await errorOf(command, { enddate: 'never' }))[1]).toContain('The parameter enddate is no date');
      expect((await errorOf(command, { ids: `${mine},${String(theirs)}` }))[1]).toContain('entity does not exist');
      expect((await errorOf(command, { ids: String(theirs) }, rick.keys))[1]).toContain('entity does not exist');
    }
    expect((await listed(t.admin)).toSorted()).toEqual([
      ...['AG.CREATE', 'AG.CREATE', 'VM.GROUP.CREATE', 'VM.GROUP.CREATE'],
    ]);
  });

  it('are whose they are: a user reaches the own account, administrators what is below them', async () => {
    await twoOf(alice);
    await twoOf(bob);
    await t.ok('deleteEvents', { startdate: '2000-01-01' }, alice.keys);
    expect(await listed(dora.keys)).toHaveLength(2);
    await t.ok('deleteEvents', { startdate: '2000-01-01' }, rick.keys);
    expect(await listed(dora.keys)).toHaveLength(2);
    await t.ok('archiveEvents', { type: 'AG.CREATE' }, dora.keys);
    expect(await listed(bob.keys)).toEqual(['VM.GROUP.CREATE']);
    await t.ok('deleteEvents', { startdate: '2000-01-01' });
    expect(await listed(t.admin)).toEqual([]);
  });

  it('of a project are not taken away by its members', async () => {
    await t.ok('createInstanceGroup', { name: 'shared', projectid: own.projectId }, alice.keys);
    await t.db.source.query(
      `UPDATE event SET account_id = (SELECT account_id FROM project WHERE id = ?) WHERE type = 'VM.GROUP.CREATE'`,
      [own.projectId],
    );
    const id = await idOf('VM.GROUP.CREATE');
    expect((await errorOf('deleteEvents', { ids: id }))[1]).toContain('entity does not exist');
    await t.ok('deleteEvents', { ids: id }, dora.keys);
  });
});
