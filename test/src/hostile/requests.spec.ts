/** Requests that are wrong in a way that has a name: credentials, sessions, sizes, encodings, HTTP itself. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, send, type HostileCall, type HostileReply } from './call.js';
import type { Pairs } from './query-calls.js';
import { Snapshot } from './snapshot.js';
import { startHostileWorld, type HostileWorld } from './world.js';

let world: HostileWorld;
let snapshot: Snapshot;
beforeAll(async () => {
  world = await startHostileWorld();
  snapshot = await Snapshot.take(world.database);
});
afterAll(async () => {
  await snapshot.drop();
  await world.stop();
});

const BASE = {
  face: 'query',
  path: '/client/api',
  caller: 'alice',
  credentials: 'right',
  about: '',
  expected: {},
} as const;

function ask(command: string, pairs: Pairs = [], more: Partial<HostileCall> = {}): Promise<HostileReply> {
  const query: Pairs = [['command', command], ['response', 'json'], ...pairs];
  return send({ ...BASE, command, method: 'GET', query, ...more }, world);
}

function post(command: string, pairs: Pairs, more: Partial<HostileCall> = {}): Promise<HostileReply> {
  const form: Pairs = [['command', command], ['response', 'json'], ...pairs];
  return send({ ...BASE, command, method: 'POST', query: [], form, ...more }, world);
}

/** The text of an error, with its status. */
function refusal({ status, text }: HostileReply): string {
  const [[envelope, body] = ['', {}]] = Object.entries(JSON.parse(text) as Record<string, Record<string, unknown>>);
  return `${status} ${envelope}: ${String(body['errortext'])}`;
}

describe('signatures', () => {
  const moment = (ms: number): string => encode(new Date(Date.now() + ms).toISOString().replace(/\.\d+Z$/, '+0000'));

  it('say the same of a wrong key, a wrong signature and no credentials at all', async () => {
    const wrong = await ask('listZones', [], { credentials: 'wrong-key' });
    expect(wrong.status).toBe(401);
    expect((await ask('listZones', [], { credentials: 'wrong-signature' })).text).toBe(wrong.text);
    expect((await ask('listZones', [], { credentials: 'none' })).status).toBe(401);
  });

  it('of version 3 end with expires, which may lie 30 s back', async () => {
    const at = (ms: number) =>
      ask('listZones', [
        ['signatureVersion', '3'],
        ['expires', moment(ms)],
      ]);
    expect((await at(60_000)).status).toBe(200);
    expect((await at(-5_000)).status).toBe(200);
    expect(refusal(await at(-60_000))).toMatch(/^401 listzonesresponse: .*expired/);
    expect((await ask('listZones', [], { credentials: 'no-expires' })).status).toBe(401);
    expect(refusal(await ask('listZones', [], { credentials: 'bad-expires' }))).toContain('expires');
  });

  it('cover what is unknown as well', async () => {
    expect(
      (
        await ask('listZones', [
          ['filter', 'name,id'],
          ['x', encode("'; --")],
        ])
      ).status,
    ).toBe(200);
    expect((await post('listZones', [], { path: '/client/api?unsigned=1' })).status).toBe(401);
  });

  it('may be sent again while they are good, and names may be in any case', async () => {
    const pairs: Pairs = [
      ['SIGNATUREVERSION', '3'],
      ['EXPIRES', moment(60_000)],
      ['LISTALL', 'TRUE'],
    ];
    const first = await ask('LISTVIRTUALMACHINES', pairs);
    expect(first.status).toBe(200);
    expect((await ask('LISTVIRTUALMACHINES', pairs)).text).toBe(first.text);
  });
});

describe('parameters', () => {
  it('given twice are one when they are equal, and refused by name when not', async () => {
    expect(
      (
        await ask('listZones', [
          ['name', 'a'],
          ['name', 'a'],
        ])
      ).status,
    ).toBe(200);
    expect(
      refusal(
        await ask('listZones', [
          ['name', 'a'],
          ['NAME', 'b'],
        ]),
      ),
    ).toMatch(/^431 listzonesresponse: .*NAME.*twice/);
    expect(refusal(await post('listZones', [['keyword', 'a']], { query: [['keyword', 'b']] }))).toMatch(
      /^431 .*keyword/,
    );
  });

  it.each(['%ZZ', '%', '%C0%AF', '%ED%A0%80', '%FF', 'a%00b', '%E2%80%AE'])(
    'are refused by name when they hold %s',
    async (text) => {
      for (const send_ of [ask, post])
        expect(refusal(await send_('listZones', [['name', text]]))).toMatch(/^431 listzonesresponse: .*\bname\b/);
    },
  );

  it('that are missing are named; a missing or unknown command is refused as such', async () => {
    expect(refusal(await ask('startVirtualMachine'))).toBe(
      '431 startvirtualmachineresponse: Unable to execute API command startvirtualmachine due to missing parameter id',
    );
    expect(refusal(await ask('', []))).toMatch(/^431 .*command/);
    for (const name of ['noSuchCommand', '__proto__', 'constructor', 'toString']) {
      const text = refusal(await ask(name));
      expect(text).toMatch(/^432 .*does not exist or is not available for the account/);
      expect(text).toContain(name);
    }
  });

  it('of indices and names that would reach a prototype are words like any other', async () => {
    const vm = world.tenants.alice.belongings?.vmId ?? '';
    for (const key of [
      'tags[0].__proto__',
      'tags[0].constructor',
      'tags[999999999].toString',
      `tags[${'9'.repeat(40)}].x`,
    ]) {
      const reply = await ask('createTags', [
        ['resourceids', vm],
        ['resourcetype', 'UserVm'],
        [key, 'polluted'],
      ]);
      expect([200, 431]).toContain(reply.status);
      await snapshot.restore();
    }
    expect((await ask('listZones')).text).not.toContain('polluted');
  });
});

describe('sizes', () => {
  const deploy = (userData: string): Promise<HostileReply> => {
    const { belongings } = world.tenants.alice;
    const offering = world.ids['serviceoffering']?.[0] ?? '';
    return post('deployVirtualMachine', [
      ...([
        ['zoneid', world.place.zoneId],
        ['serviceofferingid', offering],
      ] as const),
      ...([
        ['templateid', belongings?.templateId ?? ''],
        ['networkids', belongings?.networkId ?? ''],
      ] as const),
      ['userdata', encode(userData)],
    ]);
  };

  it('of user data: 1 MiB is taken, one byte more is refused by name', async () => {
    const full = Buffer.alloc(786_432, 'x').toString('base64');
    expect(full).toHaveLength(1_048_576);
    expect((await deploy(full)).status).toBe(200);
    await snapshot.restore();
    expect(refusal(await deploy(`${full}AAAA`))).toMatch(/^431 deployvirtualmachineresponse: .*userdata/);
    expect(await snapshot.changed()).toEqual([]);
  });

  it('of bodies and request lines are bounded, and that is said in the same form', async () => {
    const body = 'x'.repeat(9 * 1024 * 1024);
    const reply = await post('listZones', [['name', body]]).catch(() => undefined);
    if (reply) expect([reply.status, reply.text]).toEqual([431, expect.stringContaining('too large')]);
    expect(refusal(await ask('listZones', [['name', 'x'.repeat(20_000)]]))).toMatch(
      /^431 errorresponse: .*16384 bytes.*POST/,
    );
    expect((await ask('listZones')).status).toBe(200);
  });

  it('of JSON: neither deep nor wide bodies get far', async () => {
    const rest = { face: 'rest', path: '/api/v1/zones', caller: 'root', method: 'POST', query: [] } as const;
    const deep = `{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`p${index}`, 1])));
    for (const body of [
      deep,
      wide,
      '{"__proto__":{"role":"admin"}}',
      '{"constructor":{"prototype":{}}}',
      '[]',
      'null',
      '{',
    ]) {
      const reply = await send({ ...BASE, ...rest, command: 'createZone', body }, world);
      expect([reply.status, reply.headers['content-type']], body.slice(0, 40)).toEqual([
        400,
        'application/problem+json; charset=utf-8',
      ]);
    }
    expect(await snapshot.changed()).toEqual([]);
  });
});

describe('sessions', () => {
  const login = async (
    username: string,
    password: string,
  ): Promise<{ reply: HostileReply; cookie: string; key: string }> => {
    const reply = await post(
      'login',
      [
        ['username', encode(username)],
        ['password', encode(password)],
        ['domain', encode('/acme')],
      ],
      { credentials: 'none' },
    );
    const cookies = [reply.headers['set-cookie'] ?? []].flat();
    const key = /"sessionkey":"([^"]+)"/.exec(reply.text)?.[1] ?? '';
    return { reply, cookie: cookies.map((text) => text.split(';')[0]).join('; '), key };
  };
  const asSession = (cookie: string, key: string | undefined) =>
    ask('listUsers', key === undefined ? [] : [['sessionkey', encode(key)]], {
      credentials: 'none',
      headers: cookie ? { cookie } : {},
    });

  it('need cookie and key, of the same session, until it ends', async () => {
    const [one, two] = [await login('alice', 'secret-of-alice'), await login('bob', 'secret-of-bob')];
    expect((await asSession(one.cookie, one.key)).status).toBe(200);
    for (const [cookie, key] of [
      [one.cookie, undefined],
      ['', one.key],
      [one.cookie, two.key],
      [one.cookie, `${one.key}x`],
      [one.cookie.replace(/\.[^;]+/, '.guessed'), one.key],
      ["JSESSIONID=' OR 1=1.x; sessionkey=y", 'y'],
    ] as const)
      expect((await asSession(cookie, key)).status, cookie).toBe(401);
    for (const cookie of [one.reply.headers['set-cookie'] ?? []].flat())
      expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/);
    const out = await ask('logout', [['sessionkey', encode(one.key)]], {
      credentials: 'none',
      headers: { cookie: one.cookie },
    });
    expect(out.status).toBe(200);
    expect((await asSession(one.cookie, one.key)).status).toBe(401);
  });

  it('are not guessed at without end, however the name is spelled', async () => {
    for (let count = 0; count < 5; count += 1) expect((await login('sue', 'wrong')).reply.status).toBe(401);
    for (let count = 0; count < 6; count += 1) await login('carl', `wrong ${count}`);
    const spellings = ['bob', 'BOB', 'bób', 'Bob', 'bOb'];
    const statuses = [];
    for (const name of [...spellings, ...spellings]) statuses.push((await login(name, 'wrong')).reply.status);
    expect(statuses.slice(5)).toContain(429);
    expect((await login('BÓB', 'secret-of-bob')).reply.status).toBe(429);
  });
});

describe('HTTP itself', () => {
  async function raw(text: string): Promise<string> {
    const socket = connect({ port: world.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.write(Buffer.from(text, 'latin1'));
    setTimeout(() => socket.end(), 1_000).unref();
    // A reset by the server is an end like another.
    await new Promise((resolve) => socket.once('close', resolve));
    return received;
  }
  const request = (line: string, headers = '') => `${line}\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;

  it.each([
    ['noise', '\x16\x03\x01\x02\x00\x01\r\n\r\n'],
    ['a line break in the address', request('GET /client/api?command=listZones\r\nX-Injected: y HTTP/1.1')],
    ['a zero byte in the address', request('GET /client/api?\0 HTTP/1.1')],
    ['two lengths', request('POST /client/api HTTP/1.1', 'Content-Length: 1\r\nContent-Length: 2\r\n')],
    [
      'a length and chunks',
      request('POST /client/api HTTP/1.1', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
    ],
    ['a negative length', request('POST /client/api HTTP/1.1', 'Content-Length: -1\r\n')],
    ['a folded header', request('GET /client/api HTTP/1.1', 'X: a\r\n b\r\nbroken\r\n')],
  ])('%s is refused in the usual form', async (_what, text) => {
    const reply = await raw(text);
    expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(reply).toContain('errortext');
    expect(reply.toLowerCase()).not.toContain('x-injected');
  });

  it.each([
    ['one header that is too long', `X: ${'a'.repeat(20_000)}\r\n`],
    ['thousands of headers', Array.from({ length: 5_000 }, (_, index) => `X-${index}: a\r\n`).join('')],
    ['one header thousands of times', 'Cookie: JSESSIONID=a.b\r\n'.repeat(3_000)],
    ['a cookie of nothing but parts', `Cookie: ${';'.repeat(30_000)}\r\n`],
  ])('%s is refused before it is read whole', async (_what, headers) => {
    const reply = await raw(request('GET /client/api?command=listZones HTTP/1.1', headers));
    expect(reply).toMatch(/^HTTP\/1\.1 431 |^$/);
    expect((await ask('listZones')).status).toBe(200);
  });

  it('bodies that grow chunk by chunk end at the same size, and so do their extensions and trailers', async () => {
    const head = request('POST /client/api HTTP/1.1', 'Transfer-Encoding: chunked\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (const body of [
      chunk.repeat(160),
      `1;${'e'.repeat(30_000)}\r\nx\r\n0\r\n\r\n`,
      `0\r\n${'T: a\r\n'.repeat(20_000)}\r\n`,
    ])
      expect(await raw(head + body)).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
    expect((await ask('listZones')).status).toBe(200);
  });

  it('more parameters than a call can mean are refused without looking at them', async () => {
    const many = Array.from({ length: 300_000 }, (_, index) => [`p${index}`, '1'] as const);
    const reply = await post('listZones', many);
    expect(refusal(reply)).toMatch(/^431 listzonesresponse: .*more than 10000 parameters/);
  });

  it('other methods and addresses are not there', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE'])
      expect((await ask('listZones', [], { method })).status, method).toBeGreaterThanOrEqual(400);
    for (const path of [
      '/client',
      '/client/api/x',
      '/client/api%2F',
      '/%2e%2e/etc/passwd',
      '/api/v1/%ZZ',
      '/api/v1/zones/%FF',
    ]) {
      const reply = await ask('listZones', [], { path });
      expect(reply.status, path).toBeGreaterThanOrEqual(400);
      expect(reply.status, path).toBeLessThan(500);
    }
  });

  it('leaves a log of whole lines, without secrets', () => {
    const lines = world.api.log().trim().split('\n');
    for (const line of lines) expect(() => JSON.parse(line) as unknown, line.slice(0, 200)).not.toThrow();
    const { secretKey } = world.tenants.alice.keys;
    expect(world.api.log()).not.toContain(secretKey);
    expect(world.api.log()).not.toContain('secret-of-');
  });
});
