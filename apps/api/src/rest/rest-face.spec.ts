import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Json = Record<string, unknown>;
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let place: Place;
let belongings: Belongings;

beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  belongings = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

async function ask(
  method: Method,
  path: string,
  options: { body?: unknown; as?: TestAccount; headers?: Record<string, string> } = {},
) {
  const keys = options.as?.keys ?? t.admin;
  const reply = await t.api.server.inject({
    method,
    url: path.startsWith('/api/') ? path : `/api/v1${path}`,
    headers: { authorization: `Bearer ${keys.apiKey}:${keys.secretKey}`, ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body as Json }),
  });
  const body = reply.body && reply.headers['content-type']?.toString().includes('json') ? reply.json<Json>() : {};
  return { status: reply.statusCode, body, headers: reply.headers };
}

const zone = (name: string) => ({ name, dns1: '192.0.2.53', internalDns1: '192.0.2.53', networkType: 'Advanced' });

describe('resources', () => {
  it('are created with 201 and a location, read, changed and removed', async () => {
    const made = await ask('POST', '/zones', { body: zone('north') });
    expect([made.status, made.headers['location']]).toEqual([201, `/api/v1/zones/${String(made.body['id'])}`]);
    const url = `/zones/${String(made.body['id'])}`;
    expect((await ask('GET', url)).body).toMatchObject({ name: 'north', localStorageEnabled: true });
    const changed = await ask('PATCH', url, { body: { name: 'south' } });
    expect([changed.status, changed.body['name']]).toEqual([200, 'south']);
    expect((await ask('DELETE', url)).status).toBe(204);
    expect((await ask('GET', url)).status).toBe(404);
  });

  it('come in pages by cursor, each once', async () => {
    for (let index = 0; index < 5; index += 1) await ask('POST', '/zones', { body: zone(`page-${index}`) });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask('GET', `/zones?limit=2&keyword=page-${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...(page.body['items'] as Json[]).map((item) => String(item['name'])));
      cursor = page.body['nextCursor'] as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
  });

  it('show all that may be seen, and only that', async () => {
    const mine = await ask('GET', '/virtual-machines', { as: alice });
    expect((mine.body['items'] as Json[]).map((vm) => vm['id'])).toEqual([belongings.vmId]);
    expect((await ask('GET', '/virtual-machines', { as: bob })).body['items']).toEqual([]);
    expect((await ask('GET', '/virtual-machines')).body['items']).toHaveLength(1);
    const foreign = await ask('GET', `/virtual-machines/${belongings.vmId}`, { as: bob });
    const missing = await ask('GET', `/virtual-machines/${newId()}`, { as: bob });
    expect([foreign.status, missing.status]).toEqual([404, 404]);
  });

  it('are filtered by lists, maps and booleans', async () => {
    const names = async (query: string) =>
      ((await ask('GET', `/virtual-machines?${query}`)).body['items'] as Json[]).map(({ id }) => id);
    expect(await names('tags[env]=prod')).toEqual([belongings.vmId]);
    expect(await names('tags[env]=test')).toEqual([]);
    expect(await names(`ids=${belongings.vmId},${newId()}`)).toEqual([belongings.vmId]);
    expect(await names(`ids=${newId()}&ids=${belongings.vmId}`)).toEqual([belongings.vmId]);
    expect(await names('displayVm=false')).toEqual([]);
  });
});

describe('problems', () => {
  const cases: [what: string, request: () => ReturnType<typeof ask>, status: number, code: string][] = [
    ['an unknown parameter', () => ask('GET', '/zones?colour=red'), 400, 'INVALID_INPUT'],
    ['an unknown field', () => ask('POST', '/zones', { body: { ...zone('x'), colour: 'red' } }), 400, 'INVALID_INPUT'],
    ['a missing field', () => ask('POST', '/zones', { body: { name: 'x' } }), 400, 'INVALID_INPUT'],
    ['a field of another type', () => ask('POST', '/zones', { body: { ...zone('x'), name: 7 } }), 400, 'INVALID_INPUT'],
    ['a body that is no object', () => ask('POST', '/zones', { body: ['x'] }), 400, 'INVALID_INPUT'],
    [
      'a body that is no JSON',
      () => ask('POST', '/zones', { body: '{bad', headers: { 'content-type': 'application/json' } }),
      400,
      'INVALID_INPUT',
    ],
    ['an unknown path', () => ask('GET', '/nonsense'), 404, 'NOT_FOUND'],
    ['a page that is too large', () => ask('GET', '/zones?limit=501'), 400, 'INVALID_INPUT'],
    ['a cursor of somebody else', () => ask('GET', '/zones?cursor=abc'), 400, 'INVALID_INPUT'],
    [
      'a name that is taken',
      async () => (
        await ask('POST', '/zones', { body: zone('taken') }),
        ask('POST', '/zones', { body: zone('taken') })
      ),
      409,
      'CONFLICT',
    ],
    ['a role that is too low', () => ask('POST', '/zones', { body: zone('x'), as: alice }), 403, 'FORBIDDEN'],
    [
      'wrong credentials',
      () => ask('GET', '/zones', { headers: { authorization: 'Bearer a:b' } }),
      401,
      'NOT_AUTHENTICATED',
    ],
    [
      'another scheme',
      () => ask('GET', '/zones', { headers: { authorization: 'Basic YTpi' } }),
      401,
      'NOT_AUTHENTICATED',
    ],
    ['a thing that does not exist', () => ask('DELETE', `/zones/${newId()}`), 404, 'NOT_FOUND'],
    ['a zone that is in use', () => ask('DELETE', `/zones/${place.zoneId}`), 409, 'CONFLICT'],
  ];
  it.each(cases)('%s', async (_what, request, status, code) => {
    const { status: got, body, headers } = await request();
    expect(headers['content-type']).toContain('application/problem+json');
    expect([got, body['status'], body['code']]).toEqual([status, status, code]);
    expect(String(body['detail']).length).toBeGreaterThan(10);
  });
});

describe('Idempotency-Key', () => {
  const once = (key: string, name: string, as?: TestAccount) =>
    ask('POST', '/zones', { body: zone(name), headers: { 'idempotency-key': key }, ...(as ? { as } : {}) });

  it('carries a request out once and answers it the same again', async () => {
    const first = await once('k-1', 'keyed');
    const second = await once('k-1', 'keyed');
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers['location']).toBe(first.headers['location']);
    expect([first.headers['idempotency-replayed'], second.headers['idempotency-replayed']]).toEqual([
      undefined,
      'true',
    ]);
  });

  it('belongs to one request', async () => {
    await once('k-2', 'keyed-2');
    expect((await once('k-2', 'keyed-3')).status).toBe(400);
  });

  it('is free again when the request failed', async () => {
    expect((await once('k-3', 'keyed')).status).toBe(409);
    expect((await once('k-3', 'keyed-4')).status).toBe(201);
  });

  it('is carried out once by calls at the same time', async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => once('k-4', 'keyed-5')));
    const statuses = new Set(replies.map(({ status, body }) => `${status} ${String(body['code'] ?? '')}`));
    expect([...statuses].every((status) => status === '201 ' || status === '409 BUSY')).toBe(true);
    expect((await ask('GET', '/zones?name=keyed-5')).body['items']).toHaveLength(1);
  });

  it('finds the operation that was accepted, though the answer to the first call was never written', async () => {
    const { vmId } = await makeBelongings(t, place, alice);
    await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [vmId]);
    const stop = () =>
      ask('POST', `/virtual-machines/${vmId}/stop`, { as: alice, body: {}, headers: { 'idempotency-key': 'k-6' } });
    const first = await stop();
    expect(first.status).toBe(202);
    // As when the process dies between acceptance and answer.
    await t.db.source.query('UPDATE idempotency_key SET status = NULL, location = NULL, body = NULL');
    const second = await stop();
    expect([second.status, second.body['id']]).toEqual([202, first.body['id']]);
  });

  it('accepts one operation though a slow call was taken for dead and repeated', async () => {
    const { vmId } = await makeBelongings(t, place, alice);
    await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [vmId]);
    const stop = () =>
      ask('POST', `/virtual-machines/${vmId}/stop`, { as: alice, body: {}, headers: { 'idempotency-key': 'k-7' } });
    const holder = t.db.source.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM virtual_machine WHERE id = ? FOR UPDATE', [vmId]);
    const slow = stop();
    const aged = async (): Promise<boolean> => {
      const sql =
        'UPDATE idempotency_key SET created_at = NOW(3) - INTERVAL 61 SECOND WHERE status IS NULL AND operation_id IS NULL';
      return ((await t.db.source.query(sql)) as { affectedRows: number }).affectedRows > 0;
    };
    while (!(await aged()));
    const repeated = stop();
    const taken = async (): Promise<boolean> => {
      const sql = 'SELECT 1 FROM idempotency_key WHERE status IS NULL AND created_at > NOW(3) - INTERVAL 60 SECOND';
      return ((await t.db.source.query(sql)) as unknown[]).length > 0;
    };
    while (!(await taken()));
    await holder.rollbackTransaction();
    await holder.release();
    const replies = await Promise.all([slow, repeated]);
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409]);
    const [row] = (await t.db.source.query(
      "SELECT COUNT(*) AS n FROM operation WHERE resource_id = ? AND kind = 'stopVirtualMachine'",
      [vmId],
    )) as { n: number }[];
    expect(Number(row?.n)).toBe(1);
  });

  it('keeps no secret', async () => {
    const body = { name: 'generated' };
    const headers = { 'idempotency-key': 'k-5' };
    const made = await ask('POST', '/ssh-key-pairs/generated', { as: alice, body, headers });
    expect(made.body['privateKey']).toContain('BEGIN RSA PRIVATE KEY');
    const [row] = (await t.db.source.query('SELECT COUNT(*) AS n FROM idempotency_key WHERE body LIKE ?', [
      '%PRIVATE%',
    ])) as { n: number }[];
    expect(Number(row?.n)).toBe(0);
  });
});

describe('operations', () => {
  it('show step, progress and links to those who may see them', async () => {
    const { status, body } = await ask('GET', `/operations/${belongings.operationId}`, { as: alice });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      command: 'rebootVirtualMachine',
      state: 'running',
      ended: false,
      percent: 25,
      step: { number: 2, count: 4, title: 'Stop the machine' },
      resource: { type: 'virtual-machine', id: belongings.vmId },
      links: { self: `/api/v1/operations/${belongings.operationId}` },
    });
    expect((await ask('GET', `/operations/${belongings.operationId}`, { as: bob })).status).toBe(404);
    expect((await ask('GET', `/operations/${belongings.operationId}/events`, { as: bob })).status).toBe(404);
  });

  it('are what asking for something long is answered with', async () => {
    const other = await makeBelongings(t, place, alice);
    await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [other.vmId]);
    await t.db.source.query("UPDATE operation SET state = 'succeeded', ended_at = NOW(3) WHERE id = ?", [
      other.operationId,
    ]);
    const { status, body, headers } = await ask('POST', `/virtual-machines/${other.vmId}/stop`, {
      as: alice,
      body: {},
    });
    expect(status).toBe(202);
    expect(headers['location']).toBe(`/api/v1/operations/${String(body['id'])}`);
    expect(body).toMatchObject({ command: 'stopVirtualMachine', ended: false });
  });

  it('are watched as server-sent events until they end', async () => {
    await t.api.server.listen({ host: '127.0.0.1', port: 0 });
    const address = t.api.server.server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/operations/${belongings.operationId}/events`, {
      headers: { authorization: `Bearer ${alice.keys.apiKey}:${alice.keys.secretKey}` },
    });
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    setTimeout(() => {
      void t.db.source.query("UPDATE operation SET state = 'succeeded', ended_at = NOW(3) WHERE id = ?", [
        belongings.operationId,
      ]);
    }, 200);
    const events = (await reply.text()).split('\n\n').filter((event) => event.startsWith('event: operation'));
    const states = events.map((event) => (JSON.parse(event.split('data: ')[1] ?? '{}') as Json)['state']);
    expect(states).toEqual(['running', 'succeeded']);
  });
});

describe('OpenAPI', () => {
  it('is complete in itself', async () => {
    const document = (await t.api.server.inject('/api/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, Json>>;
      components: { schemas: Json };
    }>();
    expect(document.openapi).toBe('3.1.0');
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(refs.filter((name) => !(name in document.components.schemas))).toEqual([]);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const declared = ((operation['parameters'] ?? []) as Json[])
        .filter((p) => p['in'] === 'path')
        .map((p) => p['name']);
      expect(declared, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    }
  });

  it('has a docs page that loads nothing from elsewhere', async () => {
    const page = await t.api.server.inject('/api/docs');
    expect(page.statusCode).toBe(200);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    for (const link of links) expect((await t.api.server.inject(link)).statusCode, link).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  });
});
