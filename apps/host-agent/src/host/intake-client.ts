import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createSecureContext, type SecureContext } from 'node:tls';
import { heartbeatTimeoutMs } from '@durastack/contracts/agent/heartbeat-times';
import {
  CONTROL_PLANE_NAME,
  heartbeatReply,
  type Heartbeat,
  type HeartbeatReply,
} from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostIdentity } from '../identity/identity-store.js';

const MAX_REPLY_CHARACTERS = 65_536;
const PATH = '/agent/v1/heartbeat';
/** The intake greets thousands of hosts in turn when it starts anew; whoever gave up and came again would go to the end. */
const HANDSHAKE_MS = 30_000;

/**
 * Sends heartbeats to the control plane, whose certificate must carry its name. They share one connection: its set-up
 * costs ten times a heartbeat. Node's own client, because an agent is to be small.
 */
export class IntakeClient {
  private readonly url: URL;
  private readonly agent: Agent;

  constructor(identity: HostIdentity, secureContext: SecureContext) {
    this.url = new URL(PATH, identity.intakeUrl);
    const tls: { secureContext: SecureContext; servername: string } = { secureContext, servername: CONTROL_PLANE_NAME };
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0, ...tls });
  }

  /** Sends one, of the given interval. HOST_UNREACHABLE when the control plane does not answer, FORBIDDEN when it refuses this host. */
  async send(heartbeat: Heartbeat, intervalMs: number): Promise<HeartbeatReply> {
    const { status, text } = await this.post(JSON.stringify(heartbeat), heartbeatTimeoutMs(intervalMs));
    if (status === 403 || status === 401) {
      throw new DurastackError('FORBIDDEN', `The control plane refuses this host (${status}); was it removed there?`);
    }
    const reply = heartbeatReply.safeParse(status === 200 ? parseJson(text) : undefined);
    if (reply.success) return reply.data;
    throw new DurastackError('HOST_UNREACHABLE', `The control plane answered a heartbeat with status ${status}.`);
  }

  /** Ends the connection. */
  close(): void {
    this.agent.destroy();
  }

  /** @param timeoutMs until it is connected, and again until the answer is there */
  private post(body: string, timeoutMs: number): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sending = request(this.url, { method: 'POST', agent: this.agent, headers });
      let timer: NodeJS.Timeout | undefined;
      const within = (ms: number, what: string): void => {
        clearTimeout(timer);
        const giveUp = () => sending.destroy(new DurastackError('HOST_UNREACHABLE', `no ${what} within ${ms} ms`));
        timer = setTimeout(giveUp, ms);
      };
      const fail = (cause: unknown): void => {
        clearTimeout(timer);
        const reason = cause instanceof Error ? cause.message : String(cause);
        const message = `The control plane at ${this.url.origin} does not take heartbeats (${reason}).`;
        reject(new DurastackError('HOST_UNREACHABLE', message, { cause }));
      };
      within(timeoutMs, 'connection');
      sending.on('socket', (socket) => {
        if (sending.reusedSocket) within(timeoutMs, 'answer');
        else {
          socket.once('connect', () => within(HANDSHAKE_MS, 'handshake'));
          socket.once('secureConnect', () => within(timeoutMs, 'answer'));
        }
      });
      sending.on('response', (response) => {
        readText(response)
          .then((text) => resolve({ status: response.statusCode ?? 0, text }))
          .catch(fail)
          .finally(() => clearTimeout(timer));
      });
      sending.on('error', fail);
      sending.end(body);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_REPLY_CHARACTERS) {
      throw new DurastackError('HOST_UNREACHABLE', 'The reply to a heartbeat is too long.');
    }
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The TLS context of a host, as server and as client. */
export function hostSecureContext(identity: HostIdentity): SecureContext {
  return createSecureContext({
    key: identity.privateKeyPem,
    cert: identity.certificatePem,
    ca: identity.caPem,
    minVersion: 'TLSv1.3',
  });
}
