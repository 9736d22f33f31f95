/** Credentials that were tampered with: signatures by every byte, and sessions that another site or person plants. */
import { signRequest } from '@durastack/kit/cloudstack/signature';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, send, type HostileCall, type HostileReply } from './call.js';
import { faultsOf } from './judge.js';
import { chance, pick, type Draw } from './plausible.js';
import type { Pairs } from './query-calls.js';
import { startHostileWorld, type HostileWorld, type Tenant } from './world.js';

const seed = Number(process.env['HOSTILE_SEED'] ?? 20_261_122);
const numRuns = 20 * Number(process.env['HOSTILE_RUNS'] ?? 12);

let world: HostileWorld;
beforeAll(async () => {
  world = await startHostileWorld();
});
afterAll(() => world.stop());

const COMMAND = 'listZones';
const FIXED = { face: 'query', path: '/client/api', caller: 'alice', credentials: 'none', command: COMMAND } as const;
const UNSIGNED = { command: COMMAND, response: 'json', name: 'a b~*[c]', keyword: 'Grüße', page: '1', pagesize: '20' };

/** A call whose pairs are sent as they are: the credentials are among them. */
const callOf = (pairs: Pairs, about: string, more: Partial<HostileCall> = {}): HostileCall => ({
  ...{ ...FIXED, method: 'GET', query: pairs, about, expected: {} },
  ...more,
});

function signed({ keys }: Tenant, more: Readonly<Record<string, string>> = {}): Pairs {
  const unsigned = { ...UNSIGNED, ...more, apiKey: keys.apiKey };
  const all = { ...unsigned, signature: signRequest(unsigned, keys.secretKey) };
  return Object.entries(all).map(([name, value]) => [name, encode(value)] as const);
}

/** The pairs with the value of one changed. */
const changed = (pairs: Pairs, name: string, change: (value: string) => string): Pairs =>
  pairs.map((pair) => (pair[0] === name ? [name, encode(change(decodeURIComponent(pair[1])))] : pair));

function shuffled(draw: Draw, pairs: Pairs): Pairs {
  const left = [...pairs];
  return pairs.map(() => left.splice(draw(fc.nat, left.length - 1), 1)[0]!);
}

/** Another text of the same length that differs in more than case. */
function otherwise(draw: Draw, text: string): string {
  const at = draw(fc.nat, Math.max(0, text.length - 1));
  const now = text.charAt(at);
  const other = pick(
    draw,
    'a b X Y 0 1 9 - . _ + / = é \u202e \0'.split(' ').filter((one) => one.toLowerCase() !== now.toLowerCase()),
  );
  return text.slice(0, at) + other + text.slice(at + 1);
}

type Tamper = (draw: Draw, pairs: Pairs) => Pairs;

/** What leaves a request as good as it was. */
const HARMLESS: Readonly<Record<string, Tamper>> = {
  'in another order': shuffled,
  'with names in another case': (draw, pairs) =>
    pairs.map(([name, value]) => [chance(draw, 50) ? name.toUpperCase() : name.toLowerCase(), value] as const),
  'with a parameter twice': (draw, pairs) => [...pairs, pick(draw, pairs)],
  'with needless escapes': (_draw, pairs) =>
    pairs.map(([name, value]) => [name, value.replace(/^[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`)] as const),
};

const CREDENTIALS = ['apiKey', 'signature'] as const;
const SIGNED = ['response', 'name', 'keyword', 'page', 'pagesize', 'apiKey'] as const;

/** What must not get through. The last characters of base64 carry bits that say nothing, so they are left alone. */
const HARMFUL: Readonly<Record<string, Tamper>> = {
  'a character of the signature': (draw, pairs) =>
    changed(pairs, 'signature', (text) => {
      const at = draw(fc.nat, 25);
      return text.slice(0, at) + (text.charAt(at) === 'A' ? 'B' : 'A') + text.slice(at + 1);
    }),
  'the signature in one case': (_draw, pairs) => changed(pairs, 'signature', (text) => text.toLowerCase()),
  'the signature cut short': (draw, pairs) => changed(pairs, 'signature', (text) => text.slice(0, draw(fc.nat, 20))),
  'the signature drawn out': (_draw, pairs) => changed(pairs, 'signature', (text) => `AAAA${text}`),
  'the signature huge': (_draw, pairs) => changed(pairs, 'signature', (text) => text.repeat(200)),
  'the signature of other bytes': (draw, pairs) =>
    changed(pairs, 'signature', () => Buffer.from(draw(fc.uint8Array, { maxLength: 64 })).toString('base64')),
  'the signature of any text': (draw, pairs) =>
    changed(pairs, 'signature', () => draw(fc.string, { unit: 'grapheme' })),
  'another value': (draw, pairs) => changed(pairs, pick(draw, SIGNED), (text) => otherwise(draw, text)),
  'one parameter more': (draw, pairs) => [...pairs, [pick(draw, ['x', 'listall', '%C3%A9', 'a%26b']), 'true']],
  'one parameter less': (draw, pairs) => {
    const gone = pick(draw, [...SIGNED.slice(1), 'signature']);
    return pairs.filter(([name]) => name !== gone);
  },
  'a parameter with another value as well': (draw, pairs) => [
    ...pairs,
    [pick(draw, [...CREDENTIALS, 'name', 'SIGNATURE', 'APIKEY']), encode(draw(fc.string, { minLength: 1 }))],
  ],
  'two parameters drawn into one': (_draw, pairs) => [
    ...pairs.filter(([name]) => name !== 'page' && name !== 'pagesize'),
    ['page%3D1%26pagesize', '20'],
  ],
  'the key of another': (_draw, pairs) => changed(pairs, 'apiKey', () => world.tenants.bob.keys.apiKey),
  'a huge key': (_draw, pairs) => changed(pairs, 'apiKey', (text) => text.repeat(50)),
};

const REFUSED = new Set([401, 431]);

describe('a signature', () => {
  const run = (check: (draw: Draw) => Promise<void>, runs: number) =>
    fc.assert(
      fc.asyncProperty(fc.gen(), (draw) => check(draw)),
      { seed, numRuns: runs },
    );
  const sendEither = (draw: Draw, pairs: Pairs, about: string): Promise<HostileReply> => {
    if (chance(draw, 50)) return send(callOf(pairs, about), world);
    const half = draw(fc.nat, pairs.length);
    const parts = { query: pairs.slice(0, half), form: pairs.slice(half) };
    return send(callOf(pairs, about, { method: 'POST', ...parts }), world);
  };

  it.each(Object.entries(HARMLESS))('is good %s', async (about, tamper) => {
    await run(async (draw) => {
      const reply = await sendEither(draw, tamper(draw, signed(world.tenants.alice)), about);
      expect([reply.status, reply.text]).toEqual([200, expect.stringContaining('listzonesresponse')]);
    }, 10);
  });

  it('is good for nothing but what was signed', async () => {
    await run(async (draw) => {
      const [about, tamper] = pick(draw, Object.entries(HARMFUL));
      const pairs = tamper(draw, signed(world.tenants.alice));
      const reply = await sendEither(draw, pairs, about);
      expect([about, REFUSED.has(reply.status), reply.status]).toEqual([about, true, expect.any(Number)]);
      // Without a format that was asked for, CloudStack's is XML.
      if (String(reply.headers['content-type']).startsWith('application/json'))
        expect(faultsOf(callOf(pairs, about), reply)).toEqual([]);
    }, numRuns);
  });

  it('of version 3 is refused for whatever is no moment to come', async () => {
    const expiries = [
      ...[
        '',
        ' ',
        '0',
        '-1',
        '1e309',
        '9'.repeat(400),
        'NaN',
        'tomorrow',
        '٢٠٢٩-01-01T00:00:00Z',
        '2029-13-45T99:99:99Z',
      ],
      ...['2020-01-01T00:00:00+0000', '1970-01-01T00:00:00Z', '2029-01-01', '2029-01-01T00:00:00Z\0', '+275760-09-14T'],
    ];
    for (const expires of expiries) {
      const pairs = signed(world.tenants.alice, { signatureVersion: '3', expires });
      const { status } = await send(callOf(pairs, expires), world);
      expect([expires, REFUSED.has(status)]).toEqual([expires, true]);
    }
    for (const expires of ['2999-01-01T00:00:00+0000', '2999-01-01T00:00:00Z', '2999-12-31T23:59:59+1400']) {
      const pairs = signed(world.tenants.alice, { signatureVersion: '3', expires });
      expect((await send(callOf(pairs, expires), world)).status, expires).toBe(200);
    }
  });
});

interface Session {
  readonly id: string;
  readonly cookies: string;
  readonly key: string;
}

async function login(name: 'alice' | 'bob', carrying: { cookie?: string; sessionkey?: string } = {}): Promise<Session> {
  const form: Pairs = [
    ...([
      ['command', 'login'],
      ['response', 'json'],
      ['username', name],
      ['domain', encode('/acme')],
    ] as const),
    ['password', encode(`secret-of-${name}`)],
    ...(carrying.sessionkey === undefined ? [] : [['sessionkey', encode(carrying.sessionkey)] as const]),
  ];
  const headers: Record<string, string> = carrying.cookie === undefined ? {} : { cookie: carrying.cookie };
  const call = callOf([], 'login', { method: 'POST', command: 'login', query: [], form, headers });
  const reply = await send(call, world);
  const cookies = [reply.headers['set-cookie'] ?? []].flat().map((text) => text.split(';')[0] ?? '');
  const id = cookies.find((text) => text.startsWith('JSESSIONID='))?.slice('JSESSIONID='.length) ?? '';
  return { id, cookies: cookies.join('; '), key: /"sessionkey":"([^"]+)"/.exec(reply.text)?.[1] ?? '' };
}

/** Who a session is: the name of the user, or the status of the refusal. */
async function whoIs(cookies: string, key: string): Promise<string> {
  const query: Pairs = [
    ['command', 'listUsers'],
    ['response', 'json'],
    ['sessionkey', encode(key)],
  ];
  const reply = await send(callOf(query, 'session', { command: 'listUsers', headers: { cookie: cookies } }), world);
  return reply.status === 200 ? (/"username":"([^"]+)"/.exec(reply.text)?.[1] ?? 'nobody') : String(reply.status);
}

describe('a session that is planted', () => {
  it('is left behind by whoever logs in: the new one has an id and a key of its own', async () => {
    const planted = await login('bob');
    const own = await login('alice', { cookie: planted.cookies, sessionkey: planted.key });
    expect(own.id).not.toBe(planted.id);
    expect(own.key).not.toBe(planted.key);
    expect(await whoIs(own.cookies, own.key)).toBe('alice');
    expect(await whoIs(planted.cookies, planted.key), 'who planted it is still himself').toBe('bob');
    expect(await whoIs(planted.cookies, own.key)).toBe('401');
    expect(await whoIs(own.cookies, planted.key)).toBe('401');
  });

  it('that never was one does not become one', async () => {
    const made = { cookie: 'JSESSIONID=01a1fc86-72bc-7c03-94ec-ea3be35ab18f.known', sessionkey: 'known' };
    const own = await login('alice', made);
    expect(own.id).not.toContain('known');
    expect(await whoIs(made.cookie, made.sessionkey)).toBe('401');
    expect(await whoIs(`${made.cookie}; ${own.cookies}`, made.sessionkey)).toBe('401');
  });
});

describe('a request that another site makes a browser send', () => {
  const change = (id: string): Pairs => [
    ['id', id],
    ['firstname', 'forged'],
  ];

  it.each([
    ['GET', 'in the query'],
    ['POST', 'in the body'],
  ] as const)('by %s changes nothing without the right key %s', async (method, _where) => {
    const { cookies } = await login('alice');
    const other = await login('bob');
    const { userId } = world.tenants.alice;
    const fixed: Pairs = [['command', 'updateUser'], ['response', 'json'], ...change(userId)];
    const fromCookie = /sessionkey=([^;]+)/.exec(cookies)?.[1] ?? '';
    for (const keys of [
      [],
      [['sessionkey', '']],
      [['sessionkey', 'wrong']],
      [['sessionkey', encode(other.key)]],
    ] as Pairs[]) {
      const pairs: Pairs = [...fixed, ...keys];
      const sent = method === 'GET' ? { query: pairs } : { query: [], form: pairs };
      const call = callOf([], 'forged', { command: 'updateUser', method, ...sent, headers: { cookie: cookies } });
      const reply = await send(call, world);
      expect([keys, reply.status]).toEqual([keys, 401]);
    }
    expect(fromCookie, 'the key is in the jar of the browser as well, which is not enough').not.toBe('');
    const [user] = (await world.database.source.query('SELECT first_name FROM user WHERE id = ?', [userId])) as {
      first_name: string;
    }[];
    expect(user?.first_name).toBe('alice');
  });

  it('to the REST face needs a header, which no form can send', async () => {
    const { cookies, key } = await login('alice');
    const rest = { ...FIXED, face: 'rest', method: 'GET', path: '/api/v1/zones', about: 'REST', expected: {} } as const;
    const ask = (query: Pairs, headers: Readonly<Record<string, string>>) =>
      send({ ...rest, query, headers: { cookie: cookies, ...headers } }, world);
    expect((await ask([], {})).status).toBe(401);
    expect((await ask([['sessionkey', encode(key)]], {})).status).toBe(401);
    expect((await ask([], { 'x-session-key': 'wrong' })).status).toBe(401);
    expect((await ask([], { 'x-session-key': key })).status).toBe(200);
  });
});
