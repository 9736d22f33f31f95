/**
 * Where host agents report: HTTPS with mutual TLS. Deny by default: a connection that is not of an enrolled host is
 * destroyed without an answer, and a host is heard only on what concerns itself.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { INTAKE_LEASE } from '@durastack/contracts/agent/heartbeat-times';
import { heartbeat as heartbeatSchema, type HeartbeatReply } from '@durastack/contracts/agent/wire';
import { asDurastackError, DurastackError, ERROR_KINDS, isDurastackError } from '@durastack/contracts/errors';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { verifiedPeer, type CertificateHolder } from '@durastack/kit/tls/certificate-holder';
import { autocommit } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { holdLease, releaseLease } from '@durastack/store/operations/lease';
import type { Platform } from '../platform.js';
import { Greeter } from './greeter.js';
import { HeartbeatBatcher } from './heartbeat-batcher.js';

/** The detector of silent hosts trusts it. Clearly shorter than the shortest window, so that no gap goes unseen. */
const LEASE_TTL_MS = 2_500;
const LEASE_EVERY_MS = 1_000;
/** Heartbeats that wait for longer to be written are late: what is not written yet must not count as silence. */
const LATE_MS = 1_000;
const CERTIFICATE_DAYS = 60;
const RENEW_EVERY_MS = 86_400_000;
/** A full report of thousands of machines. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const KEEP_ALIVE_MS = 120_000;
/** A host that dawdles over handshake, headers or body is cut off. */
const TIMEOUTS = {
  ...{ handshakeTimeout: 10_000, headersTimeout: 10_000, requestTimeout: 60_000 },
  connectionsCheckingInterval: 5_000,
} as const;
const PATH = '/agent/v1/heartbeat';

/** The body was refused in a way that a correct agent never meets: the connection ends. */
const DROP = Symbol('drop');

/** A listening intake. */
export interface Intake {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens for agents.
 *
 * @throws DurastackError ENVIRONMENT when the address cannot be bound
 */
export async function startIntake(platform: Platform, listen: { host: string; port: number }): Promise<Intake> {
  const { database, secrets, log } = platform;
  const authority = await loadCertificateAuthority(database, secrets);
  const batcher = new HeartbeatBatcher(database);
  const scene: Scene = { platform, batcher, sequences: new Map(), peers: new WeakMap() };
  const server = createServer({
    ...(await ownCertificate(authority)),
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...TIMEOUTS,
  });
  const greeter = new Greeter(server);
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket);
    if (peer?.hostId === undefined) socket.destroy();
    else scene.peers.set(socket, peer);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, scene);
  });
  server.on('tlsClientError', (error) => log.debug({ error }, 'TLS handshake refused'));
  const port = await bind(server, listen);
  const holder = `api-${process.pid}-${randomUUID()}`;
  const lease = setInterval(() => {
    if (batcher.behindMs() < LATE_MS) void keepLease(platform, holder);
  }, LEASE_EVERY_MS);
  await keepLease(platform, holder);
  const renewal = setInterval(() => void renew(server, platform), RENEW_EVERY_MS);
  renewal.unref();
  return {
    port,
    close: async () => {
      clearInterval(lease);
      clearInterval(renewal);
      greeter.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      });
      await batcher.drain();
      await releaseLease(autocommit(database), INTAKE_LEASE, holder).catch((error: unknown) =>
        log.warn({ error }, 'the lease of the intake could not be given back; it runs out by itself'),
      );
    },
  };
}

async function ownCertificate(authority: Parameters<typeof issueControlPlaneCertificate>[0]) {
  const { certificatePem, privateKeyPem } = await issueControlPlaneCertificate(authority, { days: CERTIFICATE_DAYS });
  return { cert: certificatePem, key: privateKeyPem };
}

async function renew(server: Server, { database, secrets, log }: Platform): Promise<void> {
  try {
    const authority = await loadCertificateAuthority(database, secrets);
    server.setSecureContext({
      ...(await ownCertificate(authority)),
      ca: authority.certificatePem,
      minVersion: 'TLSv1.3',
    });
  } catch (error) {
    log.error({ error }, "the intake's certificate could not be renewed; tried again tomorrow");
  }
}

async function keepLease({ database, log }: Platform, holder: string): Promise<void> {
  await holdLease(autocommit(database), { name: INTAKE_LEASE, holder, ttlMs: LEASE_TTL_MS }).catch((error: unknown) =>
    log.warn({ error }, 'the intake cannot write; silence of hosts is not judged meanwhile'),
  );
}

function peerOf(socket: TLSSocket): CertificateHolder | undefined {
  try {
    return verifiedPeer(socket);
  } catch (error) {
    // Signed by our authority, but not one of ours in form.
    if (isDurastackError(error)) return undefined;
    throw error;
  }
}

interface Scene {
  readonly platform: Platform;
  readonly batcher: HeartbeatBatcher;
  /** The last sequence number of each host that this process has seen. */
  readonly sequences: Map<string, number>;
  /** Who is at the other end of a connection; reading its certificate anew costs as much as the rest of a heartbeat. */
  readonly peers: WeakMap<Socket, CertificateHolder>;
}

async function answer(request: IncomingMessage, response: ServerResponse, scene: Scene): Promise<void> {
  // A request that was broken off has no socket any more.
  const { socket } = request;
  try {
    const result = await take(request, scene);
    if (result === DROP) socket.destroy();
    else send(response, 200, result);
  } catch (thrown) {
    const error = asDurastackError(thrown);
    if (error.code === 'BUG') scene.platform.log.error({ error }, 'a heartbeat failed by a fault');
    // The rest of a body that is not wanted is not read either.
    if (!request.complete) response.on('close', () => socket.destroy());
    send(response, ERROR_KINDS[error.code].httpStatus, { code: error.code, message: error.message });
  }
}

async function take(request: IncomingMessage, scene: Scene): Promise<HeartbeatReply | typeof DROP> {
  const peer = scene.peers.get(request.socket);
  if (peer?.hostId === undefined || request.method !== 'POST' || request.url !== PATH) return DROP;
  const parsed = heartbeatSchema.safeParse(await readJson(request));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DurastackError(
      'INVALID_INPUT',
      `The heartbeat is malformed: ${issue?.path.join('.')} ${issue?.message}.`,
    );
  }
  const heartbeat = parsed.data;
  if (heartbeat.hostId !== peer.hostId || heartbeat.incarnation !== peer.incarnation) {
    scene.platform.log.warn({ certificate: peer.name, hostId: heartbeat.hostId }, 'a host reported for another one');
    return DROP;
  }
  const reception = await scene.batcher.record(heartbeat, peer.serial);
  if (reception === 'refused') return DROP;
  const previous = scene.sequences.get(heartbeat.hostId);
  scene.sequences.set(heartbeat.hostId, heartbeat.sequence);
  const gap = previous === undefined || heartbeat.sequence !== previous + 1;
  return {
    intervalMs: scene.platform.settings.heartbeatIntervalMs,
    wantFull: reception === 'recheck' || (gap && !heartbeat.full),
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES)
      throw new DurastackError('INVALID_INPUT', `The body is longer than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new DurastackError('INVALID_INPUT', 'The body is not JSON.', { cause });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function bind(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new DurastackError('ENVIRONMENT', `The intake cannot listen on ${host}:${port} (${cause.code}).`, { cause }),
      ),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
