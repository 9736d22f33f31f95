import type { EnrolCertificateRequest, EnrolCsrRequest } from '@durastack/contracts/agent/enrolment';
import type { HostRuntime } from '../host/host-runtime.js';
import type { EnrolmentCertificate } from '../identity/identity-store.js';

/** What a simulated network does to a call. */
export interface NetworkFaults {
  /** Before the agent sees it; may wait. `drop`: the connection breaks and nothing happens. */
  arrival(hostId: string, verb: string): Promise<'pass' | 'drop'>;
  /** After it was served. `drop`: the connection breaks before the answer. */
  reply(hostId: string, verb: string): Promise<'pass' | 'drop'>;
}

/** The hosts that a server serves, and how more of them are enrolled. */
export interface HostDirectory {
  /** The host behind a TLS server name. */
  find(hostId: string): HostRuntime | undefined;
  /** Certificate for callers that name no enrolled host; undefined when no enrolment is open. */
  readonly enrolmentCertificate: EnrolmentCertificate | undefined;
  /** Both check the token unless `trusted`: the control plane, under its certificate. Throw DurastackError. */
  csr(request: EnrolCsrRequest, trusted: boolean): Promise<string>;
  install(request: EnrolCertificateRequest, trusted: boolean): Promise<void>;
  readonly faults?: NetworkFaults;
}
