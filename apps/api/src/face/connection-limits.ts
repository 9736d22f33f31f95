/**
 * What slow clients can hold. Each connection has so long for its headers and for its whole request, which Node sees to;
 * and only so many may be at that at once: of more, those that have been at it longest are closed, so that whoever opens
 * connections without end does not keep others out.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** See the module. Times in milliseconds. */
export interface ConnectionLimits {
  /** For request line and headers, from the connection's first moment. */
  readonly headersMs: number;
  /** For the whole request, from its first byte. */
  readonly requestMs: number;
  /** Until a reply has gone out of which nothing is taken any more. */
  readonly stalledReplyMs: number;
  /** Connections whose request has not begun to be served: idle ones, and those whose headers come slowly. */
  readonly maxWaiting: number;
  /** Connections whose body is still coming; each may fill memory by the largest body. */
  readonly maxReceiving: number;
}

/** Those of the API. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  headersMs: 10_000,
  requestMs: 60_000,
  stalledReplyMs: 300_000,
  maxWaiting: 4_096,
  maxReceiving: 128,
};

/** The part that Node's server sees to, for Fastify. */
export function timeLimits({ headersMs, requestMs }: ConnectionLimits) {
  const http = { headersTimeout: headersMs, connectionsCheckingInterval: Math.min(1_000, headersMs) };
  return { requestTimeout: requestMs, http };
}

/** Adds the limits of count, and that of stalled replies, to a server. */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const waiting = new Crowd(limits.maxWaiting);
  const receiving = new Crowd(limits.maxReceiving);
  const replying = new Map<Socket, Progress>();
  server.on('connection', (socket: Socket) => {
    waiting.add(socket);
    socket.once('close', () => {
      waiting.delete(socket);
      receiving.delete(socket);
      replying.delete(socket);
    });
  });
  // Of a protocol of its own from here on.
  server.on('upgrade', (_request: IncomingMessage, socket: Socket) => waiting.delete(socket));
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    waiting.delete(socket);
    if (hasBody(request)) {
      receiving.add(socket);
      request.once('end', () => receiving.delete(socket));
    }
    replying.set(socket, { left: 0, since: Date.now() });
    response.once('close', () => {
      receiving.delete(socket);
      replying.delete(socket);
      if (!socket.destroyed) waiting.add(socket);
    });
  });
  const timer = setInterval(() => endStalled(replying, limits.stalledReplyMs), limits.stalledReplyMs / 10).unref();
  server.once('close', () => clearInterval(timer));
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** So many connections, in the order in which they came; one too many, and the first is closed. */
class Crowd {
  private readonly sockets = new Set<Socket>();

  constructor(private readonly most: number) {}

  add(socket: Socket): void {
    this.sockets.delete(socket);
    this.sockets.add(socket);
    if (this.sockets.size <= this.most) return;
    const [first] = this.sockets;
    if (!first) return;
    this.sockets.delete(first);
    first.destroy();
  }

  delete(socket: Socket): void {
    this.sockets.delete(socket);
  }
}

/** Bytes of a reply that the client has not taken yet, and since when there are so many. */
interface Progress {
  readonly left: number;
  readonly since: number;
}

function endStalled(replying: Map<Socket, Progress>, afterMs: number): void {
  for (const [socket, { left, since }] of replying) {
    const now = socket.writableLength;
    if (now === 0 || now !== left) replying.set(socket, { left: now, since: Date.now() });
    else if (Date.now() - since > afterMs) socket.destroy();
  }
}
