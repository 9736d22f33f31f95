/** The agent as a process: killed, restarted, enrolled over standard input, reporting. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isDurastackError } from '@durastack/contracts/errors';
import { newSerial, signHostCsr } from '@durastack/kit/tls/certificate-authority';
import {
  enrolHost,
  makeAgentDirectory,
  makeSpecs,
  startControlPlane,
  tokenOf,
  until,
  type ControlPlane,
} from './agent-fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let plane: ControlPlane;
const place = makeAgentDirectory();
const children: ChildProcess[] = [];

/** Starts the agent on a port (0: any) and waits until it listens. */
async function start(port: number): Promise<{ child: ChildProcess; port: number; adminPort: number }> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      DURASTACK_AGENT_DIR: place.directory,
      DURASTACK_AGENT_LISTEN: `127.0.0.1:${port}`,
      DURASTACK_AGENT_DRIVER: 'simulator',
      DURASTACK_AGENT_ENROL_TOKEN_FILE: place.tokenFile,
      DURASTACK_SIMULATOR_ADMIN_LISTEN: '127.0.0.1:0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { msg: string; port: number; adminPort: number };
    if (entry.msg === 'ready') return { child, port: entry.port, adminPort: entry.adminPort };
  }
  return { child, port: 0, adminPort: 0 };
}

async function kill(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}

const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (isDurastackError(error) ? error.code : String(error)),
  );

beforeAll(async () => {
  plane = await startControlPlane();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => kill(child, 'SIGKILL')));
});
afterAll(async () => {
  await plane.close();
  place.remove();
});

describe('agent process', () => {
  it('keeps its ledger, its tasks and its machines over kill -9', async () => {
    const first = await start(0);
    const host = await enrolHost(plane, { port: first.port, ...place });
    const { pool, vm } = makeSpecs();
    const { client } = plane;
    const token = tokenOf(10);
    await client.call(host, 'ensurePool', { pool }, { token });
    await client.call(host, 'ensureVolume', { volume: vm.rootVolume }, { token });
    await client.call(host, 'ensureVmRunning', { vm }, { token });
    await client.call(host, 'ensureNetworkGone', { networkId: vm.id }, { token: tokenOf(77) });
    await kill(first.child, 'SIGKILL');
    expect(await outcome(client.health(host))).toBe('HOST_UNREACHABLE');

    const second = await start(first.port);
    await until('it answers', async () => (await outcome(client.call(host, 'getVm', { vmId: vm.id }))) === 'done');
    expect(await client.call(host, 'getVm', { vmId: vm.id })).toEqual({ power: 'running' });
    const late = tokenOf(9);
    expect(await outcome(client.call(host, 'ensureVmGone', { vmId: vm.id }, { token: late }))).toBe('STALE_TOKEN');
    const network = client.call(host, 'ensureNetworkGone', { networkId: vm.id }, { token: tokenOf(76) });
    expect(await outcome(network)).toBe('STALE_TOKEN');
    expect(await client.call(host, 'getVm', { vmId: vm.id })).toEqual({ power: 'running' });
    expect(await kill(second.child, 'SIGTERM')).toBe(0);
  });

  it('reports at once when a machine goes off, in full after a restart, and only under its own name', async () => {
    const { child, port, adminPort } = await start(0);
    const host = await enrolHost(plane, { port, ...place });
    const { pool, vm } = makeSpecs();
    const own = () => plane.heartbeats.filter(({ hostId }) => hostId === host.id);
    const last = () => own().at(-1);
    await until('it reports in full', () => own().some(({ full }) => full));
    plane.reply.intervalMs = 60_000;
    await plane.client.call(host, 'ensurePool', { pool }, { token: tokenOf(1) });
    await plane.client.call(host, 'ensureVolume', { volume: vm.rootVolume }, { token: tokenOf(1) });
    await plane.client.call(host, 'ensureVmRunning', { vm }, { token: tokenOf(1) });
    const told = (power: string) => () =>
      own().some(({ vms }) => vms.some((each) => each.id === vm.id && each.power === power));
    await until('it tells that the machine runs', told('running'), 1_000);
    expect(last()).toMatchObject({ full: false, usage: {}, pools: [{ id: pool.id }] });
    const before = Date.now();
    const power = { method: 'POST', body: JSON.stringify({ power: 'off' }) };
    await fetch(`http://127.0.0.1:${adminPort}/hosts/${host.id}/vms/${vm.id}/power`, power);
    await until('it tells that the machine is off', told('off'), 1_000);
    expect(Date.now() - before).toBeLessThan(1_000);
    const sequences = own().map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    await kill(child, 'SIGKILL');
    plane.heartbeats.length = 0;
    plane.reply.intervalMs = 200;
    await start(port);
    await until('it reports in full again', () => last()?.full === true);
    expect(last()?.vms).toEqual([{ id: vm.id, domainName: vm.domainName, power: 'off' }]);
  });

  it('refuses a second agent on its directory, and starts without a ledger only unenrolled', async () => {
    const { child, port } = await start(0);
    await enrolHost(plane, { port, ...place });
    const second = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        DURASTACK_AGENT_DIR: place.directory,
        DURASTACK_AGENT_LISTEN: '127.0.0.1:0',
        DURASTACK_AGENT_DRIVER: 'simulator',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    second.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(second, 'close')) as [number];
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^durastack agent: Another agent works on [^\n]*\n$/)]);
    await kill(child, 'SIGTERM');
    rmSync(join(place.directory, 'ledger.log'));
    await expect(startExpectingExit()).resolves.toMatch(/enrol this host again, as a new incarnation/);
  });

  it('is enrolled over standard input and output, keeping its key to itself', async () => {
    const other = makeAgentDirectory();
    const env = { PATH: process.env['PATH'], DURASTACK_AGENT_DIR: other.directory };
    const hostId = randomUUID();
    const csr = (): string =>
      execFileSync(process.execPath, [MAIN, 'csr', '--host-id', hostId], { env, encoding: 'utf8' });
    csr();
    const csrPem = csr();
    expect(csrPem).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
    expect(statSync(join(other.directory, 'pending-key.json')).mode & 0o777).toBe(0o600);
    const certificatePem = await signHostCsr(plane.authority, csrPem, { hostId, incarnation: 3, serial: newSerial() });
    const caPem = plane.authority.certificatePem;
    const enrolment = { certificatePem, caPem, incarnation: 3, intakeUrl: plane.intakeUrl, intervalMs: 200 };
    const install = (input: unknown) =>
      execFileSync(process.execPath, [MAIN, 'install-certificate'], {
        env,
        input: JSON.stringify(input),
        stdio: 'pipe',
      });
    expect(() => install({ ...enrolment, incarnation: 4 })).toThrow(/incarnation 3; expected .*, incarnation 4/);
    install(enrolment);
    expect(statSync(join(other.directory, 'identity.json')).mode & 0o777).toBe(0o600);
    other.remove();
  });
});

async function startExpectingExit(): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    DURASTACK_AGENT_DIR: place.directory,
    DURASTACK_AGENT_LISTEN: '127.0.0.1:0',
    DURASTACK_AGENT_DRIVER: 'simulator',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return stderr;
}
