import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, removed, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let acme: string;
let dev: string;
let rival: string;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  acme = (await t.ok<{ id: string }>('createDomain', { name: 'acme' })).id;
  dev = (await t.ok<{ id: string }>('createDomain', { name: 'dev', parentdomainid: acme })).id;
  rival = (await t.ok<{ id: string }>('createDomain', { name: 'rival' })).id;
  alice = await t.account('alice', { domainId: dev });
  bob = await t.account('bob', { domainId: rival });
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());
beforeEach(() => autocommit(t.db.source).execute('DELETE FROM dedication', []));

const ids = () => ({ Host: place.hostId, Cluster: place.clusterId, Pod: place.podId, Zone: place.zoneId });
const KINDS = ['Host', 'Cluster', 'Pod', 'Zone'] as const;
type Kind = (typeof KINDS)[number];

const dedicate = (kind: Kind, whom: Record<string, string>) =>
  t.call(`dedicate${kind}`, { [`${kind.toLowerCase()}id`]: ids()[kind], ...whom });
const errorOf = async (work: ReturnType<TestApi['call']>) => {
  const { status, body } = await work;
  return `${status} ${String(body['errortext'])}`;
};

describe.each(KINDS)('dedicate%s', (kind) => {
  const word = kind.toLowerCase();

  it('is a job that says the dedication, listed until it is released', async () => {
    const { body } = await dedicate(kind, { domainid: acme });
    const job = await t.call('queryAsyncJobResult', { jobid: String(body['jobid']) });
    const result = (job.body['jobresult'] as Record<string, Row>)[`dedicated${word}`];
    expect(result).toMatchObject({ domainid: acme, [`${word}id`]: ids()[kind], id: expect.any(String) as string });
    expect(result?.[`${word}name`]).toBeDefined();
    const list = async (params: Record<string, string> = {}) =>
      (await t.call(`listDedicated${kind}s`, params)).body['count'] ?? 0;
    expect(await list()).toBe(1);
    expect(await list({ domainid: acme })).toBe(1);
    expect(await list({ [`${word}id`]: ids()[kind] })).toBe(1);
    expect(await list({ domainid: rival })).toBe(0);
    expect(await list({ account: 'alice' })).toBe(0);
    expect(await list({ affinitygroupid: newId() })).toBe(0);
    const others = KINDS.filter((other) => other !== kind);
    for (const other of others) expect((await t.call(`listDedicated${other}s`)).body).toEqual({});
    const released = await t.call(`releaseDedicated${kind}`, { [`${word}id`]: ids()[kind] });
    expect(released.status).toBe(200);
    expect(await list()).toBe(0);
  });

  it('refuses what is dedicated already, and what is not to be released', async () => {
    await dedicate(kind, { domainid: acme });
    expect(await errorOf(dedicate(kind, { domainid: acme }))).toContain('is dedicated already');
    await autocommit(t.db.source).execute('DELETE FROM dedication', []);
    expect(await errorOf(t.call(`releaseDedicated${kind}`, { [`${word}id`]: ids()[kind] }))).toContain(
      'is not dedicated',
    );
    expect(await errorOf(t.call(`releaseDedicated${kind}`, { [`${word}id`]: newId() }))).toContain('does not exist');
  });

  it('refuses bad input', async () => {
    expect(await errorOf(dedicate(kind, {}))).toContain('431');
    expect(await errorOf(dedicate(kind, { domainid: newId() }))).toContain('domainid');
    expect(await errorOf(dedicate(kind, { domainid: acme, account: 'alice' }))).toContain('value=alice');
    expect(await errorOf(t.call(`dedicate${kind}`, { [`${word}id`]: newId(), domainid: acme }))).toContain(`${word}id`);
    expect(await errorOf(t.call(`dedicate${kind}`, { [`${word}id`]: "x'; --", domainid: acme }))).toContain('431');
  });

  it('is refused while machines of others run there, and names them', async () => {
    expect(await errorOf(dedicate(kind, { domainid: rival }))).toContain('1 virtual machines of others run in the');
    expect(await errorOf(dedicate(kind, { domainid: rival, account: 'bob' }))).toContain('(vm-');
    expect((await dedicate(kind, { domainid: dev, account: 'alice' })).status).toBe(200);
  });

  it('counts a machine that is about to come', async () => {
    const tx = autocommit(t.db.source);
    await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [own.vmId]);
    const reserve = `INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at) VALUES (?, 'host', ?, 'migrate', 1, 1, NOW(3))`;
    await tx.execute(reserve, [own.vmId, place.hostId]);
    expect(await errorOf(dedicate(kind, { domainid: rival }))).toContain('1 virtual machines of others');
    await tx.execute('DELETE FROM reservation', []);
    await tx.execute('UPDATE virtual_machine SET host_id = ? WHERE id = ?', [place.hostId, own.vmId]);
  });
});

describe('dedications above each other', () => {
  interface Whom {
    readonly kind: Kind;
    readonly domain: 'acme' | 'dev';
    readonly account?: string;
  }
  const make = ({ kind, domain, account }: Whom) =>
    dedicate(kind, { domainid: { acme, dev }[domain], ...(account === undefined ? {} : { account }) });
  const alices = { domain: 'dev', account: 'alice' } as const;

  const narrower: [what: string, pair: { first: Whom; second: Whom }][] = [
    [
      'a cluster for a domain, its host for an account below',
      { first: { kind: 'Cluster', domain: 'acme' }, second: { kind: 'Host', ...alices } },
    ],
    [
      'a zone for a domain, its pod for one below',
      { first: { kind: 'Zone', domain: 'acme' }, second: { kind: 'Pod', domain: 'dev' } },
    ],
    [
      'a host for an account, its zone for its domain',
      { first: { kind: 'Host', ...alices }, second: { kind: 'Zone', domain: 'acme' } },
    ],
  ];
  it.each(narrower)('may get narrower: %s', async (_what, { first, second }) => {
    expect((await make(first)).status).toBe(200);
    expect((await make(second)).status).toBe(200);
  });

  const nobody: typeof narrower = [
    [
      'a host for a domain in a cluster for one below',
      { first: { kind: 'Cluster', domain: 'dev' }, second: { kind: 'Host', domain: 'acme' } },
    ],
    [
      'a zone for an account, its host for the domain',
      { first: { kind: 'Zone', ...alices }, second: { kind: 'Host', domain: 'dev' } },
    ],
    [
      'a cluster for a domain below what its host is for',
      { first: { kind: 'Host', domain: 'acme' }, second: { kind: 'Cluster', domain: 'dev' } },
    ],
  ];
  it.each(nobody)('never leave nobody: %s', async (_what, { first, second }) => {
    expect((await make(first)).status).toBe(200);
    expect(await errorOf(make(second))).toContain('is dedicated to others');
  });
});

describe('what dedications are for', () => {
  it('goes with an account, and keeps a domain that is not cleaned up', async () => {
    const spare = await t.account('spare', { domainId: dev });
    await autocommit(t.db.source).execute('UPDATE virtual_machine SET host_id = NULL', []);
    await dedicate('Host', { domainid: dev, account: 'spare' });
    await removed(t, { type: 'account', id: spare.id });
    expect((await t.call('listDedicatedHosts', {})).body).toEqual({});
    const idle = (await t.ok<{ id: string }>('createDomain', { name: 'idle' })).id;
    await dedicate('Host', { domainid: idle });
    expect(await errorOf(t.call('deleteDomain', { id: idle }))).toContain('1 dedicated places');
    await autocommit(t.db.source).execute('UPDATE virtual_machine SET host_id = ?', [place.hostId]);
  });

  it('is for the root administrator alone', async () => {
    for (const kind of KINDS) expect((await t.call(`dedicate${kind}`, { domainid: rival }, bob.keys)).status).toBe(432);
  });
});
