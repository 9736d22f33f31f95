/** For tests: a control plane's side of the wire, and agents to talk to. All on loopback and in temporary folders. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { heartbeat, type Heartbeat } from '@durastack/contracts/agent/wire';
import type { AgentToken } from '@durastack/contracts/agent/token';
import type { PoolSpec, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { createAgentClient, type AgentAddress, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { createEnrolmentClient } from '@durastack/kit/agent-client/enrol';
import {
  createAuthority,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
  type KeyAndCertificate,
} from '@durastack/kit/tls/certificate-authority';
import { verifiedPeer } from '@durastack/kit/tls/certificate-holder';

/** The control plane's side. */
export interface ControlPlane {
  readonly authority: KeyAndCertificate;
  readonly certificate: KeyAndCertificate;
  readonly client: AgentClient;
  readonly intakeUrl: string;
  /** Heartbeats in order of arrival. */
  readonly heartbeats: Heartbeat[];
  /** What heartbeats are answered with. */
  readonly reply: { intervalMs: number; wantFull: boolean };
  close(): Promise<void>;
}

/** Starts an intake and makes a client. */
export async function startControlPlane(): Promise<ControlPlane> {
  const authority = await createAuthority('test');
  const certificate = await issueControlPlaneCertificate(authority);
  const heartbeats: Heartbeat[] = [];
  const reply = { intervalMs: 200, wantFull: false };
  const intake = createServer({
    key: certificate.privateKeyPem,
    cert: certificate.certificatePem,
    ca: authority.certificatePem,
    requestCert: true,
    keepAliveTimeout: 65_000,
  });
  intake.on('request', async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = heartbeat.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const peer = verifiedPeer(request.socket as TLSSocket);
    const own = peer?.hostId === body.hostId && peer.incarnation === body.incarnation;
    if (own) heartbeats.push(body);
    response.writeHead(own ? 200 : 403).end(JSON.stringify(own ? reply : { code: 'FORBIDDEN', message: 'not yours' }));
  });
  intake.listen(0, '127.0.0.1');
  await once(intake, 'listening');
  const client = createAgentClient({ caPem: authority.certificatePem, ...certificate });
  const close = async (): Promise<void> => {
    await client.close();
    intake.closeAllConnections();
    intake.close();
  };
  const intakeUrl = `https://127.0.0.1:${(intake.address() as AddressInfo).port}`;
  return { authority, certificate, client, intakeUrl, heartbeats, reply, close };
}

/** A private directory with an enrolment token; `remove` deletes it. */
export function makeAgentDirectory(): { directory: string; tokenFile: string; token: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'durastack-agent-'));
  const token = randomBytes(24).toString('hex');
  const tokenFile = join(directory, 'enrol-token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  return { directory, tokenFile, token, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Enrols a host at an agent and gives its address. */
export async function enrolHost(
  plane: ControlPlane,
  agent: { port: number; directory: string; token: string },
  order: { hostId?: string; incarnation?: number } = {},
): Promise<AgentAddress> {
  const { hostId = randomUUID(), incarnation = 1 } = order;
  const url = `agent://127.0.0.1:${agent.port}`;
  const fingerprint = readFileSync(join(agent.directory, 'enrol-fingerprint'), 'utf8').trim();
  const enrolment = createEnrolmentClient({ url, fingerprint, token: agent.token, hostId });
  try {
    const csrPem = await enrolment.requestCsr();
    const facts = { hostId, incarnation, serial: newSerial() };
    const certificatePem = await signHostCsr(plane.authority, csrPem, facts);
    const { intakeUrl } = plane;
    const caPem = plane.authority.certificatePem;
    await enrolment.installCertificate({ certificatePem, caPem, incarnation, intakeUrl, intervalMs: 200 });
  } finally {
    await enrolment.close();
  }
  return { id: hostId, url };
}

/** A token of the first control epoch. */
export function tokenOf(generation: number, step = 0, controlEpoch = 0): AgentToken {
  return { controlEpoch, generation, step };
}

/** A pool and a machine on it that a simulated host can run. */
export function makeSpecs(): { pool: PoolSpec; vm: VmSpec } {
  const pool: PoolSpec = { id: randomUUID(), kind: 'directory', path: '/pool' };
  const id = randomUUID();
  const rootVolume = { id: randomUUID(), pool, sizeBytes: 2 ** 30 };
  const seed = { instanceId: id, hostname: 'web-1', publicKeys: [] };
  const size = { vcpus: 1, cpuMhz: 1_000, memoryMib: 128 };
  return {
    pool,
    vm: { id, domainName: `test-${id.slice(0, 8)}`, ...size, rootVolume, dataVolumes: [], nics: [], seed },
  };
}

/** Waits until something holds. Rejects after the time-out, naming what. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new DurastackError('TIMEOUT', `Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
