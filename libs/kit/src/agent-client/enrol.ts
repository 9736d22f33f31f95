/** Enrolment of an agent that has no certificate yet, pinned to the fingerprint of its self-signed one. */
import type { TLSSocket } from 'node:tls';
import { enrolCsrReply, type AgentEnrolment } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import { buildConnector, Client } from 'undici';
import { z } from 'zod';
import { plainHex } from '../tls/certificate-holder.js';
import { agentOrigin, requestJson } from './transport.js';

const TIMEOUT_MS = 15_000;

/** An agent that waits for its enrolment. */
export interface EnrolmentTarget {
  /** `agent://host:port` or `https://host:port`. */
  readonly url: string;
  /** SHA-256 of its self-signed certificate, hexadecimal, with or without colons. */
  readonly fingerprint: string;
  /** The secret in its token file. */
  readonly token: string;
  readonly hostId: string;
}

/** The two calls of an enrolment. */
export interface EnrolmentClient {
  /** The host makes its key and gives a request for it; repeating gives the same key's. */
  requestCsr(): Promise<string>;
  /** Hands the certificate over; the agent speaks mutual TLS from then on. */
  installCertificate(enrolment: AgentEnrolment): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects to an agent that waits for its enrolment.
 *
 * Calls throw FORBIDDEN for a wrong token and for a wrong fingerprint, HOST_UNREACHABLE when it does not answer.
 */
export function createEnrolmentClient(target: EnrolmentTarget): EnrolmentClient {
  const origin = agentOrigin(target.url);
  const client = new Client(origin, { connect: pinnedConnector(target), maxCachedSessions: 0 });
  const post = <S extends z.ZodType>(path: string, body: object, result: S): Promise<z.infer<S>> =>
    requestJson(client, origin, {
      method: 'POST',
      path,
      body: { ...body, token: target.token, hostId: target.hostId },
      result,
      timeoutMs: TIMEOUT_MS,
      peer: `the agent of host ${target.hostId}`,
    });
  return {
    requestCsr: async () => (await post('/v1/enrol/csr', {}, enrolCsrReply)).csrPem,
    installCertificate: async (enrolment) => {
      await post('/v1/enrol/certificate', enrolment, z.object({}));
    },
    close: () => client.destroy(),
  };
}

function pinnedConnector(target: EnrolmentTarget): buildConnector.connector {
  // The certificate is signed by nobody: its fingerprint is the whole proof.
  const connect = buildConnector({ rejectUnauthorized: false, timeout: TIMEOUT_MS, maxCachedSessions: 0 });
  const expected = plainHex(target.fingerprint);
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const seen = plainHex((socket as TLSSocket).getPeerCertificate().fingerprint256 ?? '');
      if (seen === expected) return callback(null, socket);
      socket.destroy();
      const message = `The agent at ${target.url} shows the fingerprint ${seen}, expected ${expected}.`;
      callback(new DurastackError('FORBIDDEN', `${message} It is another machine, or enrolled already.`), null);
    });
  };
}
