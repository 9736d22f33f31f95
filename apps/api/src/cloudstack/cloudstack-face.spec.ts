import { createHmac } from 'node:crypto';
import { signRequest } from '@durastack/kit/cloudstack/signature';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

const get = (params: Record<string, string>, headers: Record<string, string> = {}) =>
  t.api.server.inject({ method: 'GET', url: `/client/api?${new URLSearchParams(params).toString()}`, headers });

const signed = (params: Record<string, string>, secret = t.admin.secretKey) => {
  const all = { response: 'json', apiKey: t.admin.apiKey, ...params };
  return { ...all, signature: signRequest(all, secret) };
};

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19);

describe('signed calls', () => {
  it('answer JSON below exactly one key, or XML when nothing else was asked for', async () => {
    const json = await get(signed({ command: 'listZones' }));
    expect([json.statusCode, json.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json.json()).toEqual({ listzonesresponse: {} });
    const params = { command: 'listZones', apiKey: t.admin.apiKey };
    const xml = await get({ ...params, signature: signRequest(params, t.admin.secretKey) });
    expect(xml.headers['content-type']).toContain('xml');
    expect(xml.body).toContain('<listzonesresponse/>');
  });

  it('come by GET or POST, with or without the slash, split between query and body', async () => {
    const params = new URLSearchParams(signed({ command: 'listZones' }));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const post = await t.api.server.inject({
      method: 'POST',
      url: '/client/api/',
      headers: form,
      body: params.toString(),
    });
    expect(post.statusCode).toBe(200);
    const rest = new URLSearchParams(params);
    rest.delete('command');
    const split = await t.api.server.inject({
      method: 'POST',
      url: '/client/api?command=listZones',
      headers: form,
      body: rest.toString(),
    });
    expect(split.statusCode).toBe(200);
  });

  const refused: [what: string, make: () => Record<string, string>][] = [
    ['a wrong secret', () => signed({ command: 'listZones' }, 'wrong')],
    ['an unknown key', () => signed({ command: 'listZones', apiKey: 'nobody' })],
    ['no signature', () => ({ command: 'listZones', response: 'json', apiKey: t.admin.apiKey })],
    ['no credentials at all', () => ({ command: 'listZones', response: 'json' })],
    [
      'an expired signature',
      () => signed({ command: 'listZones', signatureVersion: '3', expires: `${inSeconds(-60)}Z` }),
    ],
    ['version 3 without expires', () => signed({ command: 'listZones', signatureversion: '3' })],
    ['an expires that is no moment', () => signed({ command: 'listZones', signatureversion: '3', expires: 'soon' })],
  ];
  it.each(refused)('are refused with 401: %s', async (_what, make) => {
    const reply = await get(make());
    expect(reply.statusCode).toBe(401);
    const { listzonesresponse: body } = reply.json<{ listzonesresponse: { errorcode: number } }>();
    expect(body.errorcode).toBe(401);
    expect(reply.headers['x-description']).toBeTruthy();
  });

  it.each([
    ['Z', () => `${inSeconds(60)}Z`],
    ['+0000', () => `${inSeconds(60)}+0000`],
    ['just past, within the skew', () => `${inSeconds(-10)}Z`],
  ])('of version 3 may expire at … %s', async (_what, expires) => {
    const reply = await get(signed({ command: 'listZones', signatureVersion: '3', expires: expires() }));
    expect(reply.statusCode).toBe(200);
  });

  it('can be repeated while they have not expired', async () => {
    const params = signed({ command: 'listZones', signatureversion: '3', expires: `${inSeconds(60)}Z` });
    expect((await get(params)).statusCode).toBe(200);
    expect((await get(params)).statusCode).toBe(200);
  });

  it('keep unknown parameters in the signed text', async () => {
    const text = `apikey=${t.admin.apiKey}&command=listzones&filter=a%2cb&response=json`.toLowerCase();
    const signature = createHmac('sha1', t.admin.secretKey).update(text).digest('base64');
    const reply = await get({
      command: 'listZones',
      apiKey: t.admin.apiKey,
      response: 'json',
      filter: 'a,b',
      signature,
    });
    expect(reply.statusCode).toBe(200);
  });

  it('are refused when a parameter is given twice with different values', async () => {
    const query = new URLSearchParams(signed({ command: 'listZones', name: 'a' })).toString();
    const reply = await t.api.server.inject({ method: 'GET', url: `/client/api?${query}&name=b` });
    expect(reply.statusCode).toBe(431);
  });
});

describe('errors', () => {
  it('name unknown commands like those that are not allowed', async () => {
    const { status, envelope, body } = await t.call('launchRocket');
    expect([status, envelope]).toEqual([432, 'launchrocketresponse']);
    expect(body['errortext']).toContain(
      'The API [launchRocket] does not exist or is not available for the account Account',
    );
    expect(body['errortext']).toContain('not available for user');
  });

  it('say that a thing is gone in the words that clients match', async () => {
    const id = '01a1fc86-72bc-7c03-94ec-ea3be35ab18f';
    const { status, body } = await t.call('deleteZone', { id });
    expect(status).toBe(431);
    expect(body).toEqual({
      uuidList: [{ uuid: id, description: 'id' }],
      errorcode: 431,
      cserrorcode: 4350,
      errortext: `Invalid parameter id value=${id} due to incorrect long value format, or entity does not exist`,
    });
  });

  it('show a number instead of the text of a fault', async () => {
    await t.db.source.query('RENAME TABLE zone TO zone_away');
    const { status, body } = await t.call('listZones');
    await t.db.source.query('RENAME TABLE zone_away TO zone');
    expect(status).toBe(530);
    expect(body['errortext']).toMatch(
      /^listZones failed by a fault of the product; incident [0-9a-f-]{36} in its log\.$/,
    );
  });
});

describe('sessions', () => {
  const login = (params: Record<string, string>) =>
    t.api.server.inject({
      method: 'POST',
      url: '/client/api',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ command: 'login', response: 'json', ...params }).toString(),
    });

  it('need the cookie and the key, and end with logout', async () => {
    await t.account('alice');
    const reply = await login({ username: 'alice', password: 'secret-of-the-spec', domain: '/' });
    expect(reply.statusCode).toBe(200);
    const { loginresponse: body } = reply.json<{ loginresponse: Record<string, string> }>();
    expect(body).toMatchObject({ username: 'alice', account: 'alice', type: '0', timeout: 1800, registered: 'false' });
    const cookies = reply.cookies.map(({ name, value, httpOnly, sameSite }) => ({ name, value, httpOnly, sameSite }));
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
      ['JSESSIONID', true, 'Strict'],
      ['sessionkey', true, 'Strict'],
    ]);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const sessionkey = body['sessionkey'] ?? '';
    const list = (params: Record<string, string>, headers: Record<string, string>) =>
      get({ command: 'listUsers', response: 'json', ...params }, headers).then(({ statusCode }) => statusCode);
    expect(await list({ sessionkey }, { cookie })).toBe(200);
    expect(await list({}, { cookie }), 'the key in a cookie is none').toBe(401);
    expect(await list({ sessionkey }, {})).toBe(401);
    expect(await list({ sessionkey: 'wrong' }, { cookie })).toBe(401);
    const out = await get({ command: 'logout', response: 'json', sessionkey }, { cookie });
    expect(out.json()).toEqual({ logoutresponse: { description: 'success' } });
    expect(await list({ sessionkey }, { cookie })).toBe(401);
  });

  it('are refused for a wrong password, name or domain in the same words, then slowed down', async () => {
    await t.account('bob');
    const wrong = await login({ username: 'bob', password: 'x' });
    const unknown = await login({ username: 'nobody', password: 'x' });
    const elsewhere = await login({ username: 'bob', password: 'secret-of-the-spec', domain: '/nowhere' });
    expect([wrong.statusCode, unknown.statusCode, elsewhere.statusCode]).toEqual([401, 401, 401]);
    expect(unknown.body).toBe(wrong.body);
    for (let attempt = 0; attempt < 4; attempt += 1) await login({ username: 'bob', password: 'x' });
    const slowed = await login({ username: 'bob', password: 'secret-of-the-spec' });
    expect(slowed.statusCode).toBe(429);
  });

  it('do not exist for the first administrator, who has no password', async () => {
    expect((await login({ username: 'admin', password: '!' })).statusCode).toBe(401);
  });
});
