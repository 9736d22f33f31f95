/** Who may talk to an agent, over real connections. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostCertificateName } from '@durastack/contracts/agent/wire';
import { isDurastackError } from '@durastack/contracts/errors';
import {
  createAgentClient,
  type AgentAddress,
  type AgentClientIdentity,
} from '@durastack/kit/agent-client/agent-client';
import { createEnrolmentClient } from '@durastack/kit/agent-client/enrol';
import { createLogger } from '@durastack/kit/log/logger';
import {
  createAuthority,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
} from '@durastack/kit/tls/certificate-authority';
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

let plane: ControlPlane;
let agent: Agent;
let hostA: AgentAddress;
let hostB: AgentAddress;
const place = makeAgentDirectory();
const { pool, vm } = makeSpecs();

beforeAll(async () => {
  plane = await startControlPlane();
  const config = agentConfig.parse({
    agentDir: place.directory,
    agentListen: '127.0.0.1:0',
    agentDriver: 'simulator',
    agentEnrolTokenFile: place.tokenFile,
  });
  agent = await startAgent(config, createLogger('agent', 'error'), makeLibvirtDriver);
  hostA = await enrolHost(plane, { port: agent.port, ...place });
  hostB = await enrolHost(plane, { port: agent.port, ...place });
});
afterAll(async () => {
  await agent.stop();
  await plane.close();
  place.remove();
});

const outcome = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (isDurastackError(error) ? error.code : String(error)),
  );

/** What a caller with this identity gets from host A. */
async function asCaller(identity: AgentClientIdentity): Promise<string> {
  const client = createAgentClient(identity);
  try {
    return await outcome(client.health(hostA, { timeoutMs: 3_000 }));
  } finally {
    await client.close();
  }
}

const identityFile = (hostId: string) =>
  JSON.parse(readFileSync(join(place.directory, 'hosts', hostId, 'identity.json'), 'utf8')) as AgentClientIdentity;

describe('access to an agent', () => {
  it('is given to the control plane', async () => {
    expect(await plane.client.health(hostA)).toMatchObject({ hostId: hostA.id, incarnation: 1, driver: 'simulator' });
  });

  it("is refused to another host's certificate, though the same authority signed it", async () => {
    expect(await asCaller(identityFile(hostB.id))).toBe('HOST_UNREACHABLE');
    expect(await asCaller(identityFile(hostA.id))).toBe('HOST_UNREACHABLE');
  });

  it("is refused to another authority's control plane, and to an expired certificate", async () => {
    const caPem = plane.authority.certificatePem;
    const foreign = await issueControlPlaneCertificate(await createAuthority('stranger'));
    expect(await asCaller({ caPem, ...foreign })).toBe('HOST_UNREACHABLE');
    const old = { days: 1, now: new Date(Date.now() - 9 * 86_400_000) };
    const expired = await issueControlPlaneCertificate(plane.authority, old);
    expect(await asCaller({ caPem, ...expired })).toBe('HOST_UNREACHABLE');
  });

  it('is refused without a certificate: the connection closes without a byte', async () => {
    const servername = hostCertificateName(hostA.id);
    const socket = connect({ port: agent.port, host: '127.0.0.1', servername, ca: plane.authority.certificatePem });
    socket.on('error', () => undefined);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.write('GET /v1/health HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'close');
    expect(received).toBe(0);
  });

  it('is not given by the caller to an agent that is not the host it claims to be', async () => {
    expect(await outcome(plane.client.health({ id: hostA.id, url: plane.intakeUrl }))).toBe('HOST_UNREACHABLE');
    const wrongAuthority = (await createAuthority('stranger')).certificatePem;
    expect(await asCaller({ ...plane.certificate, caPem: wrongAuthority })).toBe('HOST_UNREACHABLE');
  });
});

describe('enrolment', () => {
  const fingerprint = (): string => readFileSync(join(place.directory, 'enrol-fingerprint'), 'utf8').trim();

  it('wants the right fingerprint and the right token', async () => {
    const url = `agent://127.0.0.1:${agent.port}`;
    const [hostId, token] = [crypto.randomUUID(), place.token];
    const wrongPin = createEnrolmentClient({ url, fingerprint: '00'.repeat(32), token, hostId });
    expect(await outcome(wrongPin.requestCsr())).toBe('FORBIDDEN');
    const wrongToken = createEnrolmentClient({ url, fingerprint: fingerprint(), token: 'guessed', hostId });
    expect(await outcome(wrongToken.requestCsr())).toBe('FORBIDDEN');
    await Promise.all([wrongPin.close(), wrongToken.close()]);
  });

  it('can be repeated in both of its calls, and refuses a certificate for somebody else', async () => {
    const url = `agent://127.0.0.1:${agent.port}`;
    const hostId = crypto.randomUUID();
    const client = createEnrolmentClient({ url, fingerprint: fingerprint(), token: place.token, hostId });
    await client.requestCsr();
    const csrPem = await client.requestCsr();
    const facts = { incarnation: 1, serial: newSerial() };
    const rest = { caPem: plane.authority.certificatePem, intakeUrl: plane.intakeUrl, intervalMs: 200, incarnation: 1 };
    const foreign = await signHostCsr(plane.authority, csrPem, { ...facts, hostId: hostA.id });
    expect(await outcome(client.installCertificate({ ...rest, certificatePem: foreign }))).toBe('INVALID_INPUT');
    const certificatePem = await signHostCsr(plane.authority, csrPem, { ...facts, hostId });
    await client.installCertificate({ ...rest, certificatePem });
    await client.installCertificate({ ...rest, certificatePem });
    expect((await plane.client.health({ id: hostId, url })).hostId).toBe(hostId);
    await client.close();
  });

  it('is renewed by the control plane under mutual TLS', async () => {
    const csrPem = await plane.client.requestCsr(hostB);
    const serial = newSerial();
    const certificatePem = await signHostCsr(plane.authority, csrPem, { hostId: hostB.id, incarnation: 1, serial });
    const rest = { caPem: plane.authority.certificatePem, intakeUrl: plane.intakeUrl, intervalMs: 200, incarnation: 1 };
    await plane.client.installCertificate(hostB, { ...rest, certificatePem });
    const fresh = createAgentClient({ caPem: rest.caPem, ...plane.certificate });
    expect((await fresh.health(hostB)).hostId).toBe(hostB.id);
    await fresh.close();
    expect(identityFile(hostB.id).certificatePem).toBe(certificatePem);
  });
});

describe('calls', () => {
  it('are checked against the contract', async () => {
    const { client } = plane;
    expect(await outcome(client.call(hostA, 'ensurePool', { pool }))).toBe('INVALID_INPUT');
    const bad = { pool: { ...pool, path: 'relative' } };
    expect(await outcome(client.call(hostA, 'ensurePool', bad, { token: tokenOf(1) }))).toBe('INVALID_INPUT');
    expect(await outcome(client.call(hostA, 'toString' as 'getFacts', {}))).toBe('NOT_FOUND');
  });

  it('open a console as a stream, and say why not', async () => {
    const { client } = plane;
    const token = tokenOf(5);
    await client.call(hostA, 'ensurePool', { pool }, { token });
    await client.call(hostA, 'ensureVolume', { volume: vm.rootVolume }, { token });
    expect(await outcome(client.openConsole(hostA, vm.id))).toBe('NOT_FOUND');
    await client.call(hostA, 'ensureVmRunning', { vm }, { token });
    const console = await client.openConsole(hostA, vm.id);
    const [chunk] = (await once(console, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('RFB 003.008\n');
    console.destroy();
  });

  it('time out as an unreachable host, and are cancelled by their caller', async () => {
    const silent = { id: hostA.id, url: 'agent://127.0.0.1:1' };
    expect(await outcome(plane.client.health(silent, { timeoutMs: 1_000 }))).toBe('HOST_UNREACHABLE');
    expect(await outcome(plane.client.health(hostA, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
  });
});
