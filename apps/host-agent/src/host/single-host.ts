/** An agent on a real hypervisor host: at most one host, enrolled once, then renewed under mutual TLS. */
import { join } from 'node:path';
import type { EnrolCertificateRequest, EnrolCsrRequest } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostDriver } from '@durastack/drivers/driver';
import type { Logger } from '@durastack/kit/log/logger';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import type { EnrolmentCertificate, HostIdentity, IdentityStore } from '../identity/identity-store.js';
import { openLedgerFile, type LedgerFile } from '../ledger/ledger.js';
import type { HostDirectory } from '../server/host-directory.js';
import type { BeatScheduler } from './beat-scheduler.js';
import { checkToken } from './enrolment-token.js';
import { HostRuntime } from './host-runtime.js';
import type { Watchdog } from './watchdog.js';

/** For this long after an enrolment its calls may be repeated, because their answers can be lost. */
const ENROLMENT_REPEAT_MS = 10 * 60_000;

/** What the agent of a real host is made from. */
export interface SingleHostParts {
  readonly store: IdentityStore;
  readonly driver: HostDriver;
  readonly driverName: string;
  readonly scheduler: BeatScheduler;
  readonly watchdog?: Watchdog | undefined;
  readonly log: Logger;
  /** Both set when enrolment is open. */
  readonly enrolmentToken?: string | undefined;
  readonly enrolmentCertificate?: EnrolmentCertificate | undefined;
}

/** See the module's head. */
export class SingleHost implements HostDirectory {
  private runtime: HostRuntime | undefined;
  private ledgerFile: LedgerFile | undefined;
  private identity: HostIdentity | undefined;
  private enrolmentEndsAtMs = Infinity;

  constructor(private readonly parts: SingleHostParts) {}

  /** Serves the host if it is enrolled. ENVIRONMENT when its ledger is lost. */
  async start(): Promise<void> {
    const identity = this.parts.store.load();
    if (identity === undefined) return;
    this.enrolmentEndsAtMs = 0;
    await this.serve(identity, await openLedgerFile(ledgerPathOf(this.parts.store.directory, identity.caPem), false));
  }

  /** Stops serving; machines run on. */
  async stop(): Promise<void> {
    await this.runtime?.stop();
    await this.ledgerFile?.close();
  }

  find(hostId: string): HostRuntime | undefined {
    return this.runtime?.hostId === hostId ? this.runtime : undefined;
  }

  get enrolmentCertificate(): EnrolmentCertificate | undefined {
    return Date.now() < this.enrolmentEndsAtMs ? this.parts.enrolmentCertificate : undefined;
  }

  async csr(request: EnrolCsrRequest, trusted: boolean): Promise<string> {
    this.authorise(request.token, request.hostId, trusted);
    return this.parts.store.csrFor(request.hostId);
  }

  async install(request: EnrolCertificateRequest, trusted: boolean): Promise<void> {
    this.authorise(request.token, request.hostId, trusted);
    const present = this.identity;
    if (present !== undefined && present.caPem !== request.caPem) {
      throw new DurastackError('CONFLICT', `Host ${present.hostId} belongs to another control plane already.`);
    }
    if (present === undefined) await this.firstEnrolment(request);
    else if (this.runtime !== undefined) {
      this.identity = this.parts.store.check(request);
      this.parts.store.save(this.identity);
      await this.runtime.renew(this.identity);
    }
  }

  private authorise(token: string | undefined, hostId: string | undefined, trusted: boolean): void {
    if (trusted) return;
    if (this.enrolmentCertificate === undefined) throw new DurastackError('FORBIDDEN', 'Enrolment is closed.');
    checkToken(this.parts.enrolmentToken, token);
    if (this.identity !== undefined && hostId !== this.identity.hostId) {
      throw new DurastackError('CONFLICT', `This agent is enrolled as host ${this.identity.hostId} already.`);
    }
  }

  private async firstEnrolment(request: EnrolCertificateRequest): Promise<void> {
    const { store } = this.parts;
    const identity = store.check(request);
    // The ledger is there before the identity: an enrolled host without one does not start.
    const ledgerFile = await openLedgerFile(ledgerPathOf(store.directory, identity.caPem), true);
    store.save(identity);
    this.enrolmentEndsAtMs = Date.now() + ENROLMENT_REPEAT_MS;
    await this.serve(identity, ledgerFile);
    this.parts.log.info({ hostId: identity.hostId, incarnation: identity.incarnation }, 'enrolled');
  }

  private async serve(identity: HostIdentity, ledgerFile: LedgerFile): Promise<void> {
    const { store, driver, driverName, scheduler, watchdog, log } = this.parts;
    this.identity = identity;
    this.ledgerFile = ledgerFile;
    const { directory } = store;
    this.runtime = new HostRuntime({ identity, directory, ledgerFile, driver, driverName, scheduler, watchdog, log });
    this.runtime.start();
  }
}

/** Where a host's ledger lies: tokens of one control plane say nothing about another's. */
export function ledgerPathOf(directory: string, caPem: string): string {
  return join(directory, `ledger-${certificateFingerprint(caPem).slice(0, 16)}.log`);
}
