import { createSecureContext, type SecureContext } from 'node:tls';
import {
  CONTROL_PLANE_NAME,
  heartbeatReply,
  type Heartbeat,
  type HeartbeatReply,
} from '@durastack/contracts/agent/wire';
import { requestJson } from '@durastack/kit/agent-client/transport';
import { Client } from 'undici';
import type { HostIdentity } from '../identity/identity-store.js';

const TIMEOUT_MS = 8_000;
/** Heartbeats share one connection; its set-up costs ten times a heartbeat. */
const KEEP_ALIVE_MS = 10 * 60_000;

/** Sends heartbeats to the control plane, whose certificate must carry its name. */
export class IntakeClient {
  private readonly origin: string;
  private readonly client: Client;

  constructor(identity: HostIdentity, secureContext: SecureContext) {
    this.origin = new URL(identity.intakeUrl).origin;
    this.client = new Client(this.origin, {
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxCachedSessions: 0,
      connect: { secureContext, servername: CONTROL_PLANE_NAME, timeout: TIMEOUT_MS },
    });
  }

  /** Sends one. HOST_UNREACHABLE when the control plane does not answer. */
  send(heartbeat: Heartbeat): Promise<HeartbeatReply> {
    return requestJson(this.client, this.origin, {
      method: 'POST',
      path: '/agent/v1/heartbeat',
      body: heartbeat,
      result: heartbeatReply,
      timeoutMs: TIMEOUT_MS,
      peer: 'the control plane',
    });
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.client.destroy();
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
