/**
 * How an agent gets its certificate. The private key is made on the host and never leaves it.
 *
 * An agent without an identity serves, under a self-signed certificate whose SHA-256 fingerprint the caller pins:
 * - `POST /v1/enrol/csr` body {@link enrolCsrRequest} → {@link enrolCsrReply}
 * - `POST /v1/enrol/certificate` body {@link enrolCertificateRequest} → `{}`; from then on it speaks mutual TLS
 *
 * An enrolled agent serves the same two under mutual TLS, for the control plane alone, to renew its certificate;
 * the token is then neither needed nor read. Over SSH the same bodies travel by standard input and output.
 */
import { z } from 'zod';
import { id } from './specs.js';

const pem = z.string().max(65_536);

/** Asks for a certificate request; repeating it before the certificate came gives a request for the same key. */
export const enrolCsrRequest = z.object({ token: z.string().max(1024).optional(), hostId: id });
/** See {@link enrolCsrRequest}. */
export type EnrolCsrRequest = z.infer<typeof enrolCsrRequest>;

/** The certificate request; its subject is not trusted by anyone, only its key is. */
export const enrolCsrReply = z.object({ csrPem: pem });

/** What an agent must know to serve as a host. */
export const agentEnrolment = z.object({
  certificatePem: pem,
  /** The authority that signs the control plane's certificates and the hosts'. */
  caPem: pem,
  incarnation: z.int().min(0),
  /** Base URL of the control plane's listener for agents, `https://host:port`. */
  intakeUrl: z.url({ protocol: /^https$/ }),
  /** Milliseconds between heartbeats, until a reply says otherwise. */
  intervalMs: z.int().min(100).max(600_000),
});
/** See {@link agentEnrolment}. */
export type AgentEnrolment = z.infer<typeof agentEnrolment>;

/** Hands the certificate over. `hostId` is needed where one process serves several (simulated) hosts. */
export const enrolCertificateRequest = agentEnrolment.extend({
  token: z.string().max(1024).optional(),
  hostId: id.optional(),
});
/** See {@link enrolCertificateRequest}. */
export type EnrolCertificateRequest = z.infer<typeof enrolCertificateRequest>;

/** Answer of `GET /v1/health`. */
export const agentHealth = z.object({
  hostId: id,
  incarnation: z.int(),
  agentVersion: z.string(),
  driver: z.string(),
  uptimeMs: z.number(),
  /** Verbs that run or wait at this moment. */
  runningVerbs: z.int(),
});
/** See {@link agentHealth}. */
export type AgentHealth = z.infer<typeof agentHealth>;
