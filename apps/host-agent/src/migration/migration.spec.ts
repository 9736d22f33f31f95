/** What another host may do with a ticket, and what not; between two agents of their own, over real connections. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AWAITS_SOURCE } from '@durastack/contracts/agent/migration';
import type { VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { hostCertificateName } from '@durastack/contracts/agent/wire';
import { isDurastackError } from '@durastack/contracts/errors';
import type { AgentAddress } from '@durastack/kit/agent-client/agent-client';
import { createLogger } from '@durastack/kit/log/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type Agent } from '../agent.js';
import {
  enrolHost,
  makeAgentDirectory,
  makeSpecs,
  startControlPlane,
  tokenOf,
  type ControlPlane,
} from '../agent-fixture.js';
import { agentConfig } from '../config.js';
import { makeLibvirtDriver } from '../drivers/libvirt.js';
import { hostSecureContext } from '../host/intake-client.js';
import type { HostIdentity } from '../identity/identity-store.js';
import { reachDestination } from './reach.js';

const places = [makeAgentDirectory(), makeAgentDirectory()] as const;
let plane: ControlPlane;
const agents: Agent[] = [];
let [source, destination, stranger]: AgentAddress[] = [];
let generation = 10;
const nextToken = () => tokenOf((generation += 1));

beforeAll(async () => {
  plane = await startControlPlane();
  const hosts: AgentAddress[] = [];
  for (const place of places) {
    const config = agentConfig.parse({
      ...{ agentDir: place.directory, agentListen: '127.0.0.1:0', agentDriver: 'simulator' },
      agentEnrolTokenFile: place.tokenFile,
    });
    const agent = await startAgent(config, createLogger('agent', 'silent'), makeLibvirtDriver);
    agents.push(agent);
    hosts.push(await enrolHost(plane, { port: agent.port, ...place }));
  }
  [source, destination] = hosts;
  stranger = await enrolHost(plane, { port: agents[0]!.port, ...places[0] });
});
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await plane.close();
  for (const place of places) place.remove();
});

const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (isDurastackError(error) ? error.code : String(error)),
  );

/** A machine that runs at the source, with its volume on a pool that both have. */
async function runningVm(): Promise<VmSpec> {
  const { vm: spec } = makeSpecs();
  const pool = { ...spec.rootVolume.pool, kind: 'shared-mount-point' as const };
  const vm = { ...spec, rootVolume: { ...spec.rootVolume, pool } } as VmSpec;
  for (const host of [source!, destination!]) {
    await plane.client.call(host, 'ensurePool', { pool: vm.rootVolume.pool }, { token: nextToken() });
    await plane.client.call(host, 'ensureVolume', { volume: vm.rootVolume }, { token: nextToken() });
  }
  await plane.client.call(source!, 'ensureVmRunning', { vm }, { token: nextToken() });
  return vm;
}

const TICKET = 'T'.repeat(43);
let tasks = 0;
/** Opens a ticket; asking again tells how it stands. */
function receive(vm: VmSpec, { sourceHostId = source!.id, validForMs = 30_000 } = {}) {
  const [token, taskKey] = [nextToken(), `receive-${(tasks += 1)}`];
  const params = { vm, sourceHostId, ticket: TICKET, validForMs };
  return () => plane.client.startTask(destination!, 'receiveVm', params, { token, taskKey });
}
function send(vm: VmSpec) {
  const [token, taskKey] = [nextToken(), `send-${(tasks += 1)}`];
  const params = { vmId: vm.id, destination: { hostId: destination!.id, url: destination!.url, ticket: TICKET } };
  return () => plane.client.startTask(source!, 'sendVm', params, { token, taskKey });
}
const powers = async (vm: VmSpec) => {
  const of = async (host: AgentAddress) => (await plane.client.call(host, 'getVm', { vmId: vm.id })).power;
  return [await of(source!), await of(destination!)];
};
const stop = (vm: VmSpec) => plane.client.call(destination!, 'endMigration', { vmId: vm.id }, { token: nextToken() });

/** As the agent of a host would come, under that host's certificate. */
const contextOf = ({ id }: AgentAddress) => {
  const file = join(places[id === destination!.id ? 1 : 0].directory, 'hosts', id, 'identity.json');
  return hostSecureContext(JSON.parse(readFileSync(file, 'utf8')) as HostIdentity);
};
const reachAs = (host: AgentAddress, { id: subjectId }: { readonly id: string }, ticket = TICKET) =>
  reachDestination(
    {
      subjectId,
      destination: { hostId: destination!.id, url: destination!.url, ticket },
      context: contextOf(host),
    },
    AbortSignal.timeout(5_000),
  );

describe('a migration between two agents', () => {
  it('moves the machine', async () => {
    const vm = await runningVm();
    const received = receive(vm);
    expect((await received()).state).toBe('running');
    const sent = send(vm);
    await expect.poll(async () => (await sent()).state).toBe('done');
    await expect.poll(async () => (await received()).state).toBe('done');
    expect(await powers(vm)).toEqual(['off', 'running']);
    expect((await sent()).result).toMatchObject({ sentBytes: vm.memoryMib * 2 ** 20 });
  });

  it('ends at both sides when either is told to do something newer', async () => {
    const vm = await runningVm();
    const received = receive(vm);
    await received();
    const receiver = await reachAs(source!, vm);
    await receiver.prepare({ description: vm.id, cookie: '' });
    expect(await powers(vm)).toEqual(['running', 'paused']);
    expect(await stop(vm)).toEqual({ side: 'absent' });
    expect(await outcome(receiver.finish({ cookie: '' }))).toBe('HOST_UNREACHABLE');
    expect(await powers(vm)).toEqual(['running', 'absent']);
    expect(await outcome(received())).toBe('STALE_TOKEN');
  });
});

/** A volume on a pool of the source alone, and where it goes: a pool of the destination alone. */
async function ownVolume(): Promise<{ volume: VolumeSpec; target: VolumeSpec }> {
  const [{ vm: here }, { vm: there }] = [makeSpecs(), makeSpecs()];
  const { id, sizeBytes, pool } = here.rootVolume;
  const ways = { volume: { id, sizeBytes, pool }, target: { id, sizeBytes, pool: there.rootVolume.pool } };
  await plane.client.call(source!, 'ensurePool', { pool: ways.volume.pool }, { token: nextToken() });
  await plane.client.call(destination!, 'ensurePool', { pool: ways.target.pool }, { token: nextToken() });
  await plane.client.call(source!, 'ensureVolume', { volume: ways.volume }, { token: nextToken() });
  return ways;
}
function receiveVolume(volume: VolumeSpec) {
  const [token, taskKey] = [nextToken(), `receive-${(tasks += 1)}`];
  const params = { volume, sourceHostId: source!.id, ticket: TICKET, validForMs: 30_000 };
  return () => plane.client.startTask(destination!, 'receiveVolume', params, { token, taskKey });
}
const isThere = async ({ id, pool }: VolumeSpec) =>
  (await plane.client.call(destination!, 'getInventory', { pools: [pool] })).volumes[pool.id]?.includes(id) === true;

describe('a volume between two agents', () => {
  it('is sent', async () => {
    const { volume, target } = await ownVolume();
    const received = receiveVolume(target);
    expect(await received()).toMatchObject({ state: 'running', detail: AWAITS_SOURCE });
    const params = { volume, destination: { hostId: destination!.id, url: destination!.url, ticket: TICKET } };
    const [token, taskKey] = [nextToken(), `send-${(tasks += 1)}`];
    const sent = () => plane.client.startTask(source!, 'sendVolume', params, { token, taskKey });
    await expect.poll(async () => (await sent()).state).toBe('done');
    await expect.poll(async () => (await received()).state).toBe('done');
    expect(await isThere(target)).toBe(true);
  });

  it('is let in under its own ticket alone: its content, and no machine', async () => {
    const [{ target }, vm] = [await ownVolume(), await runningVm()];
    await receiveVolume(target)();
    expect(await outcome(reachAs(source!, vm))).toBe('FORBIDDEN');
    const receiver = await reachAs(source!, target);
    expect(await outcome(receiver.openDiskStream())).toBe('FORBIDDEN');
    expect(await outcome(receiver.prepare({ description: vm.id, cookie: '' }))).toBe('FORBIDDEN');
    await receiver.prepare({ description: target.id, cookie: '' });
    expect(await outcome(receiver.openStream())).toBe('FORBIDDEN');
    expect(await outcome(receiver.beginPostCopy())).toBe('FORBIDDEN');
    receiver.close();
    await expect.poll(() => isThere(target)).toBe(false);
  });

  it('is gone when the destination is told to end it; its source is told nothing but that', async () => {
    const { target } = await ownVolume();
    const received = receiveVolume(target);
    await received();
    const receiver = await reachAs(source!, target);
    await receiver.prepare({ description: target.id, cookie: '' });
    expect(await isThere(target)).toBe(true);
    await plane.client.call(destination!, 'endVolumeTransfer', { volumeId: target.id }, { token: nextToken() });
    expect(await isThere(target)).toBe(false);
    expect(await outcome(receiver.finish({ cookie: 'whole' }))).toBe('HOST_UNREACHABLE');
    expect(await outcome(received())).toBe('STALE_TOKEN');
  });
});

describe('a ticket', () => {
  it('is for one machine: no other can be made with it', async () => {
    const [vm, other] = [await runningVm(), await runningVm()];
    await receive(vm)();
    expect(await outcome(reachAs(source!, other))).toBe('FORBIDDEN');
    const receiver = await reachAs(source!, vm);
    expect(await outcome(receiver.prepare({ description: other.id, cookie: '' }))).toBe('FORBIDDEN');
    expect(await powers(other)).toEqual(['running', 'absent']);
    receiver.close();
    await stop(vm);
  });

  it('is for one host: to every other the agent seems not to be there', async () => {
    const vm = await runningVm();
    await receive(vm)();
    expect(await outcome(reachAs(stranger!, vm))).toBe('HOST_UNREACHABLE');
    expect(await outcome(reachAs(destination!, vm))).toBe('HOST_UNREACHABLE');
    await stop(vm);
  });

  it('wants its secret, and is good once', async () => {
    const vm = await runningVm();
    const received = receive(vm);
    await received();
    expect(await outcome(reachAs(source!, vm, 'G'.repeat(43)))).toBe('FORBIDDEN');
    const receiver = await reachAs(source!, vm);
    expect(await outcome(reachAs(source!, vm))).toBe('FORBIDDEN');
    // There is no stream before a copy waits for it, and one of it.
    expect(await outcome(receiver.openStream())).toBe('FORBIDDEN');
    await receiver.prepare({ description: vm.id, cookie: '' });
    const stream = await receiver.openStream();
    expect(await outcome(receiver.openStream())).toBe('FORBIDDEN');
    // No disk comes along with this one.
    expect(await outcome(receiver.openDiskStream())).toBe('FORBIDDEN');
    stream.destroy();
    receiver.close();
    await expect.poll(async () => (await received()).state).toBe('failed');
    expect(await powers(vm)).toEqual(['running', 'absent']);
    expect(await outcome(reachAs(source!, vm))).toBe('HOST_UNREACHABLE');
  });

  it('expires', async () => {
    const vm = await runningVm();
    const received = receive(vm, { validForMs: 20 });
    await received();
    await sleep(50);
    await expect.poll(async () => (await received()).state).toBe('failed');
    expect(await outcome(reachAs(source!, vm))).toBe('HOST_UNREACHABLE');
  });

  it('opens nothing else of the agent', async () => {
    const vm = await runningVm();
    await receive(vm)();
    const url = new URL('/v1/verbs/getFacts', destination!.url.replace('agent:', 'https:'));
    const tls = { secureContext: contextOf(source!), servername: hostCertificateName(destination!.id) };
    const call = request(url, { ...tls, agent: false, method: 'POST' });
    call.end(JSON.stringify({ params: {} }));
    const [error] = (await once(call, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    await stop(vm);
  });
});
