/** The listener for agents under attack: a host is heard on what concerns itself, and on nothing else. */
import { randomUUID } from 'node:crypto';
import { makePlace } from '@durastack/api/testing/fixture';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import {
  createAuthority,
  createHostCsr,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
} from '@durastack/kit/tls/certificate-authority';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { TlsCaller, type Identity, type TlsAnswer } from './tls-call.js';
import { startHostileWorld, type HostileWorld } from './world.js';

const PATH = '/agent/v1/heartbeat';

let world: HostileWorld;
let own: string;
let other: string;
let identity: Identity;
let caller: TlsCaller;
let sequence = 0;

beforeAll(async () => {
  world = await startHostileWorld();
  own = world.place.hostId;
  other = (await makePlace({ db: world.database })).hostId;
  identity = await certificateOf(own);
  caller = callerOf(identity);
});
afterAll(async () => {
  caller.close();
  await world.stop();
});
beforeEach(async () => {
  await world.database.source.query("UPDATE host SET state = 'Up', memory_mib = 16384, boot_id = 'as it was'");
  await world.database.source.query("UPDATE virtual_machine SET observed_power = 'running', host_id = ?", [other]);
});

/** Enrols a host as the control plane would, and gives its identity. */
async function certificateOf(hostId: string, incarnation = 1): Promise<Identity> {
  const { csrPem, privateKeyPem } = await createHostCsr(hostId);
  const serial = newSerial();
  const certificatePem = await signHostCsr(world.authority, csrPem, { hostId, incarnation, serial });
  await world.database.source.query('UPDATE host SET certificate_serial = ? WHERE id = ?', [serial, hostId]);
  return { certificatePem, privateKeyPem };
}

const callerOf = (who: Identity) =>
  new TlsCaller({ port: world.intakePort, servername: 'control-plane.durastack.internal' }, who);

function heartbeatOf(hostId: string, more: Record<string, unknown> = {}): Heartbeat {
  const facts = {
    ...{ hypervisor: 'Simulator', accelerator: 'none', hypervisorVersion: '1', agentVersion: '1', bootId: 'as it was' },
    ...{ cpuCount: 8, cpuMhz: 2_000, memoryMib: 16_384 },
  };
  return { hostId, incarnation: 1, sequence: (sequence += 1), facts, full: false, vms: [], ...more } as Heartbeat;
}

const report = (body: unknown, by = caller): Promise<TlsAnswer> =>
  by.call({ method: 'POST', path: PATH, body: typeof body === 'string' ? body : JSON.stringify(body) });

/** Hosts, machines and pools without what every heartbeat rightly changes. */
async function rows(): Promise<unknown> {
  const { source } = world.database;
  return Promise.all([
    source.query(
      'SELECT id, state, memory_mib, cpu_count, boot_id, incarnation, certificate_serial FROM host ORDER BY id',
    ),
    source.query('SELECT id, host_id, state, observed_power FROM virtual_machine ORDER BY id'),
    source.query('SELECT id, capacity_bytes, used_bytes FROM storage_pool ORDER BY id'),
  ]);
}

it('hears nobody without the certificate of an enrolled host', async () => {
  const before = await rows();
  const { csrPem, privateKeyPem } = await createHostCsr(own);
  const facts = { hostId: own, incarnation: 1, serial: newSerial() };
  const old = { days: 1, now: new Date(Date.now() - 9 * 86_400_000) };
  const strangers: Readonly<Record<string, Identity>> = {
    'no certificate': {},
    "the control plane's own": await issueControlPlaneCertificate(world.authority),
    "another authority's": {
      certificatePem: await signHostCsr(await createAuthority('stranger'), csrPem, facts),
      privateKeyPem,
    },
    expired: { certificatePem: await signHostCsr(world.authority, csrPem, { ...facts, ...old }), privateKeyPem },
    'of this authority, but not the one that the host has': {
      certificatePem: await signHostCsr(world.authority, csrPem, facts),
      privateKeyPem,
    },
    'of a host that there is not': await certificateOf(randomUUID()),
  };
  for (const [name, stranger] of Object.entries(strangers)) {
    const one = callerOf(stranger);
    expect(await report(heartbeatOf(own, { facts: { ...heartbeatOf(own).facts, memoryMib: 1 } }), one), name).toBe(
      'closed',
    );
    one.close();
  }
  expect(await rows()).toEqual(before);
});

it('does not hear a host on another, nor on an incarnation that it is not', async () => {
  const before = await rows();
  expect(await report(heartbeatOf(other))).toBe('closed');
  expect(await report(heartbeatOf(own, { incarnation: 2 }))).toBe('closed');
  expect(await report({ ...heartbeatOf(own), hostId: own.toUpperCase() })).toMatchObject({ status: 200 });
  expect(await rows()).toEqual(before);
});

it("does not hear a host on another's machines and pools", async () => {
  const before = await rows();
  const [machine] = world.ids['machine'] ?? [];
  const vms = [{ id: machine, domainName: 'x', power: 'off' }];
  expect(await report(heartbeatOf(own, { vms }))).toMatchObject({ status: 200 });
  expect(await report(heartbeatOf(own, { vms, full: true }))).toMatchObject({ status: 200 });
  const pools = [{ id: randomUUID(), capacityBytes: 1, availableBytes: 1 }];
  expect(await report(heartbeatOf(own, { pools }))).toMatchObject({ status: 200 });
  expect(await rows()).toEqual(before);
});

it('refuses values that no host has: one bad report would spoil those that are written with it', async () => {
  const before = await rows();
  const { facts } = heartbeatOf(own);
  const bad: Record<string, unknown>[] = [
    ...['cpuCount', 'cpuMhz', 'memoryMib'].flatMap((name) =>
      [-1, 0, 1.5, 1e300, 2 ** 52, '8', null].map((value) => ({ facts: { ...facts, [name]: value } })),
    ),
    ...['bootId', 'agentVersion', 'hypervisorVersion'].map((name) => ({ facts: { ...facts, [name]: 'x'.repeat(65) } })),
    ...[{ cpuPercent: 1e39 }, { cpuPercent: -1 }, { memoryUsedMib: 1e30 }].map((wrong) => ({
      usage: { cpuPercent: 1, memoryUsedMib: 1, ...wrong },
    })),
    ...[-1, 2 ** 60].map((capacityBytes) => ({ pools: [{ id: randomUUID(), capacityBytes, availableBytes: 0 }] })),
    ...["' OR 1=1", '../x', 7].map((id) => ({ vms: [{ id, domainName: 'x', power: 'off' }] })),
    { vms: [{ id: randomUUID(), domainName: 'x', power: 'exploded' }] },
    { sequence: 'x' },
    { newest: { controlEpoch: -1, generation: 0 } },
  ];
  for (const more of bad) {
    const answer = await report(heartbeatOf(own, more));
    expect(answer, JSON.stringify(more)).toMatchObject({ status: 400 });
    expect(answer === 'closed' ? '' : answer.text).toContain(Object.keys(more)[0]);
  }
  for (const body of ['', '{', 'null', '[]', '[['.repeat(100_000)])
    expect(await report(body)).toMatchObject({ status: 400 });
  const huge = await report(JSON.stringify({ ...heartbeatOf(own), x: 'x'.repeat(5 * 1024 * 1024) }));
  if (huge !== 'closed') expect(huge.status).toBe(400);
  expect(await rows()).toEqual(before);
});

it('has no other addresses, and goes on', async () => {
  for (const [method, path] of [
    ['GET', PATH],
    ['POST', `${PATH}/`],
    ['POST', '/agent/v1/../v1/heartbeat'],
    ['DELETE', '/'],
  ] as const)
    expect(await caller.call({ method, path, body: '{}' }), path).toBe('closed');
  expect(await report(heartbeatOf(own))).toMatchObject({ status: 200 });
  expect(world.api.log()).not.toContain('failed by a fault');
});
