/** The reason for tokens: an attempt that wakes up late does no harm. Over the real HTTPS contract. */
import { isDurastackError } from '@durastack/contracts/errors';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { AgentAddress } from '@durastack/kit/agent-client/agent-client';
import { createLogger } from '@durastack/kit/log/logger';
import { startAgent, type Agent } from './agent.js';
import {
  enrolHost,
  makeAgentDirectory,
  makeSpecs,
  startControlPlane,
  tokenOf,
  until,
  type ControlPlane,
} from './agent-fixture.js';
import { agentConfig } from './config.js';
import { makeLibvirtDriver } from './drivers/libvirt.js';

let plane: ControlPlane;
let agent: Agent;
let host: AgentAddress;
let adminUrl: string;
const place = makeAgentDirectory();
const { pool, vm } = makeSpecs();
let generation = 0;

beforeAll(async () => {
  plane = await startControlPlane();
  const config = agentConfig.parse({
    agentDir: place.directory,
    agentListen: '127.0.0.1:0',
    agentDriver: 'simulator',
    agentEnrolTokenFile: place.tokenFile,
    simulatorAdminListen: '127.0.0.1:0',
  });
  agent = await startAgent(config, createLogger('agent', 'error'), makeLibvirtDriver);
  adminUrl = `http://127.0.0.1:${agent.adminPort}`;
  host = await enrolHost(plane, { port: agent.port, ...place });
  await plane.client.call(host, 'ensurePool', { pool }, { token: tokenOf(1) });
  await plane.client.call(host, 'ensureVolume', { volume: vm.rootVolume }, { token: tokenOf(1) });
});
afterAll(async () => {
  await agent.stop();
  await plane.close();
  place.remove();
});
beforeEach(() => {
  generation += 10;
});

const admin = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(adminUrl + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
};
const fault = async (rule: unknown): Promise<string> => String((await admin('POST', '/faults', rule))['id']);
const power = async (): Promise<string> => (await plane.client.call(host, 'getVm', { vmId: vm.id })).power;
const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (isDurastackError(error) ? error.code : String(error)),
  );
const run = (token = tokenOf(generation, 1), timeoutMs = 30_000): Promise<string> =>
  outcome(plane.client.call(host, 'ensureVmRunning', { vm }, { token, timeoutMs }));

it('does nothing when an attempt arrives after its retry, its undo and the next operation', async () => {
  const id = await fault({ verb: 'ensureVmRunning', point: 'arrival', times: 1, action: { kind: 'hold' } });
  const held = run();
  await until('the attempt is held', async () => (await admin('GET', `/faults/${id}`))['held'] === 1);
  expect(await run()).toBe('done');
  expect(await power()).toBe('running');
  const undo = plane.client.call(host, 'ensureVmGone', { vmId: vm.id }, { token: tokenOf(generation, 1_001) });
  expect(await outcome(undo)).toBe('done');
  const next = plane.client.call(host, 'ensureVmGone', { vmId: vm.id }, { token: tokenOf(generation + 1, 1) });
  expect(await outcome(next)).toBe('done');
  expect(await power()).toBe('absent');
  expect(await admin('DELETE', `/faults/${id}`)).toEqual({ released: 1 });
  expect(await held).toBe('STALE_TOKEN');
  expect(await power()).toBe('absent');
});

it('stops an attempt that hangs before its effect as soon as the undo comes', async () => {
  const id = await fault({ verb: 'ensureVmRunning', point: 'before-effect', action: { kind: 'hold' } });
  const held = run();
  await until('the attempt is held', async () => (await admin('GET', `/faults/${id}`))['held'] === 1);
  // The retry under the same token joins the attempt instead of acting beside it.
  const retried = run(tokenOf(generation, 1), 300);
  expect(await retried).toBe('HOST_UNREACHABLE');
  expect((await admin('GET', `/faults/${id}`))['held']).toBe(1);
  const undo = plane.client.call(host, 'ensureVmGone', { vmId: vm.id }, { token: tokenOf(generation, 1_001) });
  expect(await outcome(undo)).toBe('done');
  expect(await held).toBe('STALE_TOKEN');
  expect(await admin('DELETE', `/faults/${id}`)).toEqual({ released: 0 });
  expect(await power()).toBe('absent');
});

it('lets the undo wait for an attempt that cannot be stopped, and act after it', async () => {
  const action = { kind: 'hold', deaf: true };
  const id = await fault({ verb: 'ensureVmRunning', point: 'before-effect', action });
  const held = run();
  await until('the attempt is held', async () => (await admin('GET', `/faults/${id}`))['held'] === 1);
  const undo = outcome(plane.client.call(host, 'ensureVmGone', { vmId: vm.id }, { token: tokenOf(generation, 1_001) }));
  expect(await Promise.race([undo, new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))])).toBe('waiting');
  await admin('DELETE', `/faults/${id}`);
  expect(await undo).toBe('done');
  expect(['done', 'STALE_TOKEN']).toContain(await held);
  expect(await power()).toBe('absent');
});

it('bears a reply that is lost after the effect', async () => {
  const id = await fault({ verb: 'ensureVmRunning', point: 'reply', times: 1, action: { kind: 'drop' } });
  expect(await run()).toBe('HOST_UNREACHABLE');
  expect(await power()).toBe('running');
  expect(await run()).toBe('done');
  await admin('DELETE', `/faults/${id}`);
});

it('does nothing for an attempt that was sent before the host lost its power and arrives after it', async () => {
  const bootOf = async () => (await plane.client.call(host, 'getFacts', {})).bootId;
  const token = tokenOf(generation, 1);
  const send = (bootId: string) =>
    outcome(plane.client.call({ ...host, bootId }, 'ensureVmRunning', { vm }, { token, timeoutMs: 30_000 }));
  const before = await bootOf();
  expect(await send(before)).toBe('done');
  await admin('POST', `/hosts/${host.id}/power`, { on: false });
  await admin('POST', `/hosts/${host.id}/power`, { on: true });
  await until('the host answers again', async () => (await outcome(bootOf())) === 'done');
  expect(await send(before)).toBe('BACKEND_BUSY');
  expect(await power()).toBe('off');
  expect(await send(await bootOf())).toBe('done');
  expect(await power()).toBe('running');
});

it('refuses a control plane that was forgotten, on everything', async () => {
  const token = tokenOf(1, 1, 1);
  expect(await outcome(plane.client.call(host, 'ensureVmStopped', { vmId: vm.id }, { token }))).toBe('done');
  const late = plane.client.call(
    host,
    'ensureVolumeGone',
    { volumeId: vm.rootVolume.id, pool },
    { token: tokenOf(999) },
  );
  expect(await outcome(late)).toBe('STALE_TOKEN');
});
