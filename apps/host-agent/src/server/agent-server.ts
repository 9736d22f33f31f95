/**
 * The agent's HTTPS listener. Deny by default: a connection is either of the control plane, to one enrolled host,
 * or of somebody who enrols, or of the host whose migration ticket is open; any other is destroyed without an answer,
 * whatever it asks for.
 */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import { CONTROL_PLANE_NAME, hostIdOfCertificate } from '@durastack/contracts/agent/wire';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { verifiedPeer } from '@durastack/kit/tls/certificate-holder';
import type { HostRuntime } from '../host/host-runtime.js';
import { openMigration } from '../migration/migration-gate.js';
import { ConsoleGate } from './console-gate.js';
import type { HostDirectory } from './host-directory.js';
import { DROP, route, type Caller } from './routes.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Of somebody who enrols, and may be anybody. */
const MAX_ENROLMENT_BODY_BYTES = 256 * 1024;
const KEEP_ALIVE_MS = 120_000;
/** A caller that dawdles over handshake, headers or body is cut off. */
const HANDSHAKE_MS = 10_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const MAX_HEADERS = 50;
/** More than all API and worker processes of a control plane keep open to one host. */
export const MAX_CONNECTIONS_OF_HOST = 4_096;

/** A listening agent. */
export interface AgentServer {
  readonly port: number;
  /** Takes no more connections, lets running answers end for a moment, and closes. */
  close(): Promise<void>;
}

/**
 * Listens.
 *
 * @param listen `maxConnections`: no limit unless given
 * @throws DurastackError ENVIRONMENT when the address cannot be bound
 */
export async function startAgentServer(
  listen: { host: string; port: number; maxConnections?: number },
  hosts: HostDirectory,
  log: Logger,
): Promise<AgentServer> {
  const callers = new WeakMap<Duplex, Caller>();
  const sources = new WeakMap<Duplex, Source>();
  const gate = new ConsoleGate(log);
  const server = createServer({
    requestCert: true,
    // Enrolment comes without a certificate; who presents none, or a bad one, gets nothing else (see identify).
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    keepAliveTimeout: KEEP_ALIVE_MS,
    handshakeTimeout: HANDSHAKE_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 5_000,
    SNICallback: (name, done) => done(null, contextFor(name, hosts)),
  });
  if (listen.maxConnections !== undefined) server.maxConnections = listen.maxConnections;
  server.maxHeadersCount = MAX_HEADERS;
  applyEnrolmentCertificate(server, hosts);
  server.on('secureConnection', (socket: TLSSocket) => {
    const caller = identify(socket, hosts);
    const source = caller === undefined ? identifySource(socket, hosts) : undefined;
    if (caller !== undefined) callers.set(socket, caller);
    else if (source !== undefined) sources.set(socket, source);
    else socket.destroy();
  });
  server.on('request', (request, response) => {
    const caller = callers.get(request.socket);
    if (caller === undefined) request.socket.destroy();
    else void answer(request, response, { caller, hosts, log });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const caller = callers.get(socket);
    const source = sources.get(socket);
    if (source !== undefined)
      void openMigration({ request, socket, head, sourceHostId: source.hostId }, source.to.tickets, log);
    else if (caller?.host === undefined) socket.destroy();
    else void gate.open(request, socket, head, caller.host);
  });
  // Port scanners and callers with broken TLS are no events of ours.
  server.on('tlsClientError', (error) => log.debug({ error }, 'TLS handshake refused'));
  await bind(server, listen);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  return { port, close: () => close(server, gate) };
}

/** Who is at the other end; undefined for everybody who has no business here. */
function identify(socket: TLSSocket, hosts: HostDirectory): Caller | undefined {
  const name = (socket as TLSSocket & { servername?: string | false }).servername;
  const hostId = typeof name === 'string' ? hostIdOfCertificate(name) : undefined;
  const host = hostId === undefined ? undefined : hosts.find(hostId);
  if (host !== undefined) {
    const peer = peerName(socket);
    return peer === CONTROL_PLANE_NAME ? { host } : undefined;
  }
  return hosts.enrolmentCertificate === undefined ? undefined : { host: undefined };
}

/** Another host, and the one of ours to which it comes with a machine. */
interface Source {
  readonly hostId: string;
  readonly to: HostRuntime;
}

/** A host that some ticket of the host it speaks to expects. */
function identifySource(socket: TLSSocket, hosts: HostDirectory): Source | undefined {
  const name = (socket as TLSSocket & { servername?: string | false }).servername;
  const ownId = typeof name === 'string' ? hostIdOfCertificate(name) : undefined;
  const to = ownId === undefined ? undefined : hosts.find(ownId);
  const peer = to === undefined ? undefined : peerName(socket);
  const hostId = peer === undefined ? undefined : hostIdOfCertificate(peer);
  return to !== undefined && hostId !== undefined && to.tickets.expects(hostId) ? { hostId, to } : undefined;
}

function peerName(socket: TLSSocket): string | undefined {
  try {
    return verifiedPeer(socket)?.name;
  } catch (error) {
    // A certificate that this authority signed and that is not one of ours in form.
    if (error instanceof DurastackError) return undefined;
    throw error;
  }
}

function contextFor(name: string, hosts: HostDirectory): SecureContext | undefined {
  const hostId = hostIdOfCertificate(name);
  return hostId === undefined ? undefined : hosts.find(hostId)?.secureContext;
}

function applyEnrolmentCertificate(server: Server, hosts: HostDirectory): void {
  const certificate = hosts.enrolmentCertificate;
  if (certificate === undefined) return;
  server.setSecureContext({ cert: certificate.certificatePem, key: certificate.privateKeyPem, minVersion: 'TLSv1.3' });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  scene: { caller: Caller; hosts: HostDirectory; log: Logger },
): Promise<void> {
  // A request that was broken off has no socket any more.
  const { socket } = request;
  try {
    const body = await readBody(request, scene.caller.host ? MAX_BODY_BYTES : MAX_ENROLMENT_BODY_BYTES);
    // A simulated machine that was switched off and on again is served anew, also to connections from before.
    const { host } = scene.caller;
    const caller = host === undefined ? scene.caller : { host: scene.hosts.find(host.hostId) ?? host };
    const result = await route({ method: request.method ?? '', path: request.url ?? '', body }, caller, scene.hosts);
    if (result === DROP) socket.destroy();
    else send(response, 200, result);
  } catch (error) {
    // The caller went away in mid-sentence.
    if (socket.destroyed) return;
    const failure = asDurastackError(error);
    if (failure.code === 'BUG') scene.log.error({ error, path: request.url }, 'a call failed');
    if (!request.complete) hangUpAfter(response, socket);
    send(response, ERROR_KINDS[failure.code].httpStatus, { code: failure.code, message: failure.message });
  }
}

/** The rest of a body that is not wanted is not read either. */
function hangUpAfter(response: ServerResponse, socket: Duplex): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
  response.on('close', () => socket.destroy());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body ?? {});
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Left early it would break the connection, and the refusal would not be told.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new DurastackError('INVALID_INPUT', `The body is longer than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new DurastackError('INVALID_INPUT', 'The body is not JSON.', { cause: error });
  }
}

async function bind(server: Server, listen: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = `Cannot listen on ${listen.host}:${listen.port} (${error.code}); is another agent running?`;
      reject(new DurastackError('ENVIRONMENT', message, { cause: error }));
    });
    server.listen(listen.port, listen.host, resolve);
  });
}

async function close(server: Server, gate: ConsoleGate): Promise<void> {
  gate.closeAll();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 2_000);
  await closed;
  clearTimeout(timer);
}
