/** The agent's API under attack: a real process, over TLS. Refused, nothing changed, alive, and the next call works. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VERBS } from '@durastack/contracts/agent/verbs';
import { hostCertificateName } from '@durastack/contracts/agent/wire';
import { tokenOf } from '@durastack/host-agent/agent-fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { residentMib, startAgentUnderAttack, type AgentUnderAttack } from './agent-process.js';
import { TlsCaller, type TlsAnswer } from './tls-call.js';
import { HOSTILE_TEXTS } from './values.js';
import { leavesOf, VERB_NAMES, verbSamples, withLeaf } from './verb-samples.js';

/** Idle is below 100; what is refused must not stay. */
const MAX_RESIDENT_MIB = 400;

let target: AgentUnderAttack;
let controlPlane: TlsCaller;
let dawdler: Promise<unknown>;
const idle: Socket[] = [];
const samples = verbSamples();
let generation = 100;

beforeAll(async () => {
  target = await startAgentUnderAttack();
  controlPlane = new TlsCaller(placeOf(target.hostA.id), target.plane.certificate);
  dawdler = dawdle();
  await call('ensurePool', samples.ensurePool);
});
afterAll(async () => {
  controlPlane.close();
  for (const socket of idle) socket.destroy();
  await target.stop();
});

const placeOf = (hostId: string) => ({ port: target.port, servername: hostCertificateName(hostId) });

async function post(path: string, body: unknown): Promise<TlsAnswer> {
  return controlPlane.call({ method: 'POST', path, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** A verb under a token that is newer than all before. */
function call(verb: string, params: unknown, token: unknown = tokenOf((generation += 1))): Promise<TlsAnswer> {
  return post(`/v1/verbs/${verb}`, { token, taskKey: `key-${generation}`, params });
}

const inventory = (): Promise<TlsAnswer> => post('/v1/verbs/getInventory', { params: samples.getInventory });

/** The code of an error; `done` for what was carried out. */
function codeOf(answer: TlsAnswer): string {
  if (answer === 'closed') return 'closed';
  return answer.status === 200 ? 'done' : String((JSON.parse(answer.text) as { code: unknown }).code);
}

/** Headers that never end, under the right certificate; settles when the agent hangs up. */
async function dawdle(): Promise<unknown> {
  const { privateKeyPem: key, certificatePem: cert } = target.plane.certificate;
  const socket = connectTls({ ...placeOf(target.hostA.id), host: '127.0.0.1', key, cert, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write('POST /v1/verbs/getFacts HTTP/1.1\r\nhost: x\r\n');
  const drip = setInterval(() => socket.write('x-a: b\r\n'), 500);
  // Cut off by a reset is cut off, too: once() would take that for a failure.
  return new Promise<void>((resolve) => {
    socket.resume().once('close', () => {
      clearInterval(drip);
      resolve();
    });
  });
}

describe('who has no business there gets no byte', () => {
  const names = [
    'no certificate',
    "the control plane's name on a self-signed certificate",
    "another authority's control plane",
    "the control plane's certificate, expired",
    "another host's certificate",
    "the host's own certificate",
  ];
  it.each(names)('%s', async (name) => {
    const before = await inventory();
    const caller = new TlsCaller(placeOf(target.hostA.id), target.strangers[name] ?? {});
    for (const [method, path] of [
      ['GET', '/v1/health'],
      ['POST', '/v1/verbs/ensureVmGone'],
      ['POST', '/v1/tasks/cancel'],
      ['POST', '/v1/control-epoch'],
      ['POST', '/v1/enrol/csr'],
      ['GET', '/'],
    ] as const)
      expect(await caller.call({ method, path, ...(method === 'POST' ? { body: '{}' } : {}) })).toBe('closed');
    caller.close();
    expect(await inventory()).toEqual(before);
  });

  it('and who names no host of this agent may only enrol, with the token and in few words', async () => {
    const caller = new TlsCaller(placeOf(randomUUID()), {});
    const enrol = (body: string) => caller.call({ method: 'POST', path: '/v1/enrol/csr', body });
    expect(codeOf(await enrol(JSON.stringify({ token: 'guessed', hostId: randomUUID() })))).toBe('FORBIDDEN');
    expect(codeOf(await enrol(JSON.stringify({ token: 'guessed', hostId: '../../x' })))).toBe('INVALID_INPUT');
    expect(['INVALID_INPUT', 'closed']).toContain(codeOf(await enrol(JSON.stringify({ token: 'x'.repeat(400_000) }))));
    expect(codeOf(await caller.call({ method: 'POST', path: '/v1/verbs/getFacts', body: '{}' }))).toBe('NOT_FOUND');
    caller.close();
  });
});

describe('tokens', () => {
  it('that are old, of an older epoch, or malformed change nothing', async () => {
    const { vm } = samples.ensureVmRunning;
    const rootVolume = { ...vm.rootVolume, templateId: undefined };
    await call('ensureVolume', { volume: rootVolume });
    const [old, newer] = [tokenOf((generation += 1)), tokenOf((generation += 1))];
    expect(codeOf(await call('ensureVmRunning', { vm: { ...vm, rootVolume } }, old))).toBe('done');
    expect(codeOf(await call('ensureVmGone', { vmId: vm.id }, newer))).toBe('done');
    const before = await inventory();
    const running = { vm: { ...vm, rootVolume } };
    expect(codeOf(await call('ensureVmRunning', running, old))).toBe('STALE_TOKEN');
    // The same id in other letters is the same machine.
    const shouted = { vm: { ...running.vm, id: vm.id.toUpperCase() } };
    expect(['STALE_TOKEN', 'INVALID_INPUT']).toContain(codeOf(await call('ensureVmRunning', shouted, old)));
    const numbers = [-1, 1.5, '7', null, true, [1], {}, 2 ** 53];
    for (const bad of [...numbers.map((value) => ({ ...newer, generation: value })), 'x', [], 7, {}, null])
      expect(codeOf(await call('ensureVmRunning', running, bad)), JSON.stringify(bad)).toBe('INVALID_INPUT');
    for (const body of [`{"token":{"controlEpoch":0,"generation":1e999,"step":0},"params":{}}`, '{"params":{}}'])
      expect(codeOf(await post('/v1/verbs/ensureVmGone', body))).toBe('INVALID_INPUT');
    expect(await inventory()).toEqual(before);
  });

  it('that are replayed with the very call do it once', async () => {
    const token = tokenOf((generation += 1));
    const volume = { ...samples.ensureVolume.volume, id: randomUUID(), templateId: undefined };
    const first = await call('ensureVolume', { volume }, token);
    const before = await inventory();
    expect(await call('ensureVolume', { volume }, token)).toEqual(first);
    expect(await inventory()).toEqual(before);
  });
});

it('knows no other verbs, methods and addresses', async () => {
  for (const verb of [
    'toString',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'ENSUREVMGONE',
    'x'.repeat(5_000),
    '..',
    '%2e%2e',
    '',
  ])
    expect(codeOf(await call(verb, {})), verb.slice(0, 20)).toBe('NOT_FOUND');
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    expect(codeOf(await controlPlane.call({ method, path: '/v1/verbs/getFacts' }))).toBe('NOT_FOUND');
  for (const path of ['/', '/v1', '/v1/verbs/getFacts/', '//v1/health', '/v1/health?x', '/v1/verbs/../health'])
    expect(codeOf(await controlPlane.call({ method: 'GET', path })), path).toBe('NOT_FOUND');
});

/** What may stand in none of these places. */
const PATHS = [
  '..',
  '/..',
  '/pool/../etc',
  'relative',
  '/pool\0',
  '/pool/./x',
  '//pool',
  '/a\nb',
  '',
  `/${'x'.repeat(2_000)}`,
  '--help',
];
const NAMES = [
  '-drive',
  '--help',
  '-o',
  '../x',
  '/etc/passwd',
  'a b',
  'a\r\nb',
  '<a/>',
  "x'; reboot",
  '$(reboot)',
  'a\0',
  '',
  'x'.repeat(300),
];
const STRICT: readonly (readonly [RegExp, readonly unknown[]])[] = [
  [/(^|\.)path$/, PATHS],
  [/(^|\.)(id|vmId|volumeId|networkId|templateId)$/, [...NAMES, '../../../etc', 7, [], {}]],
  [
    /(domainName|hostname|instanceId|bridge|tap|mac|ip|cidr|gateway|dns\.0)$/,
    NAMES.filter((name) => name !== '-o' && name !== '-drive' && name !== '--help'),
  ],
  [/(mac|ip|cidr|gateway|dns\.0)$/, ['-o', '--help', '10.0.0.1; reboot', '10.0.0.256', '0177.0.0.1']],
  [/(sizeBytes|vcpus|cpuMhz|memoryMib|mtu|maxBytes|maxVirtualBytes)$/, [-1, 0.5, '1', null, 2 ** 60]],
];

describe.each(VERB_NAMES)('%s', (verb) => {
  const { token } = VERBS[verb];
  const leaves = leavesOf(samples[verb]);

  it('refuses what breaks its contract, naming the place, and changes nothing', async () => {
    const before = await inventory();
    for (const leaf of leaves) {
      for (const value of STRICT.filter(([pattern]) => pattern.test(leaf)).flatMap(([, values]) => values)) {
        const answer = await call(verb, withLeaf(samples[verb], leaf, value));
        expect(codeOf(answer), `${leaf} = ${JSON.stringify(value)}`).toBe('INVALID_INPUT');
        expect(answer === 'closed' ? '' : answer.text).toContain(leaf);
      }
    }
    expect(await inventory()).toEqual(before);
  });

  it('never fails by a fault, whatever stands in it', async () => {
    for (const [index, leaf] of leaves.entries()) {
      for (const text of HOSTILE_TEXTS.filter((_text, number) => number % 9 === index % 9)) {
        const answer = await call(verb, withLeaf(samples[verb], leaf, text));
        expect(['BUG', 'closed'], `${leaf} = ${JSON.stringify(text)}`).not.toContain(codeOf(answer));
      }
    }
    for (const params of [null, 1, 'x', [], [[]], true])
      if (leaves[0] !== '') expect(codeOf(await call(verb, params))).toBe('INVALID_INPUT');
  });

  it.runIf(token !== 'read')('needs a token', async () => {
    expect(codeOf(await post(`/v1/verbs/${verb}`, { taskKey: 'x', params: samples[verb] }))).toBe('INVALID_INPUT');
  });
});

describe('size and slowness', () => {
  it('bodies that are no JSON, too deep, or too large are refused, and leave no memory behind', async () => {
    const deep = '['.repeat(1_500_000) + ']'.repeat(1_500_000);
    for (const body of ['{', 'null', '\0', '[]', '{"params":', deep, `{"params":${deep}}`])
      expect(codeOf(await post('/v1/verbs/ensurePool', body))).toBe('INVALID_INPUT');
    const huge = JSON.stringify({ params: 'x'.repeat(6 * 1024 * 1024) });
    for (let count = 0; count < 10; count += 1)
      expect(['INVALID_INPUT', 'closed']).toContain(codeOf(await post('/v1/verbs/ensurePool', huge)));
    expect(residentMib(target.process.pid)).toBeLessThan(MAX_RESIDENT_MIB);
  });

  it('connections that say nothing keep nobody out', async () => {
    for (let count = 0; count < 300; count += 1) {
      const socket = connectPlain({ port: target.port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      idle.push(socket);
    }
    expect(codeOf(await inventory())).toBe('done');
    expect(residentMib(target.process.pid)).toBeLessThan(MAX_RESIDENT_MIB);
  });

  it('a caller that dawdles over its headers is cut off', async () => {
    await dawdler;
  });
});

it('and after all that, works as before', async () => {
  expect(target.process.log()).not.toMatch(/"level":(50|60)|a call failed/);
  expect(codeOf(await call('ensurePool', samples.ensurePool))).toBe('done');
  expect((await target.plane.client.health(target.hostA)).hostId).toBe(target.hostA.id);
});
