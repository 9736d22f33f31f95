/** Who this host is: its key and certificate, its authority, and where it reports. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { agentEnrolment, type AgentEnrolment } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import { certificateFingerprint, checkCertificate } from '@durastack/kit/tls/certificate-holder';
import { z } from 'zod';
import { ensurePrivateDirectory, readJsonFile, writeDurableFile } from '../files/durable-file.js';

/** The authority's code is needed once in a host's life and takes memory: it is loaded then. */
const authority = () => import('@durastack/kit/tls/certificate-authority');

const hostIdentity = agentEnrolment.extend({ hostId: z.uuid(), privateKeyPem: z.string() });
/** Everything that makes an enrolled host. */
export type HostIdentity = z.infer<typeof hostIdentity>;

const pendingIdentity = z.object({ hostId: z.uuid(), privateKeyPem: z.string() });
const selfSigned = z.object({ certificatePem: z.string(), privateKeyPem: z.string() });

/**
 * The identity of one host in its directory. It is a single file, so that a host has all of it or nothing, and a
 * key that waits for its certificate lies beside it until that comes.
 */
export class IdentityStore {
  constructor(readonly directory: string) {}

  /** The identity; undefined before enrolment. ENVIRONMENT when it is damaged. */
  load(): HostIdentity | undefined {
    return readJsonFile(this.identityFile, hostIdentity);
  }

  /** A request for a new key, or for the one that still waits for its certificate. */
  async csrFor(hostId: string): Promise<string> {
    const { createHostCsr, recreateHostCsr } = await authority();
    const waiting = readJsonFile(this.pendingFile, pendingIdentity);
    if (waiting?.hostId === hostId) return recreateHostCsr(hostId, waiting.privateKeyPem);
    const { csrPem, privateKeyPem } = await createHostCsr(hostId);
    ensurePrivateDirectory(this.directory);
    writeDurableFile(this.pendingFile, JSON.stringify({ hostId, privateKeyPem }));
    return csrPem;
  }

  /**
   * The identity that a certificate makes with the key that waits, or again with the present one.
   *
   * @throws DurastackError NOT_ALLOWED_IN_STATE when no request was made, INVALID_INPUT when the certificate does
   *   not fit the key, the authority, or the incarnation
   */
  check(enrolment: AgentEnrolment): HostIdentity {
    const present = this.load();
    const waiting = readJsonFile(this.pendingFile, pendingIdentity);
    const repeated = present?.certificatePem === enrolment.certificatePem;
    const key = repeated ? present : waiting;
    if (key === undefined) {
      throw new DurastackError('NOT_ALLOWED_IN_STATE', 'No certificate request is waiting; ask for one first.');
    }
    const { hostId, privateKeyPem } = key;
    const holder = checkCertificate(enrolment.certificatePem, { caPem: enrolment.caPem, privateKeyPem });
    if (holder.hostId !== hostId || holder.incarnation !== enrolment.incarnation) {
      const given = `${holder.hostId ?? holder.name}, incarnation ${holder.incarnation}`;
      const message = `The certificate is for ${given}; expected ${hostId}, incarnation ${enrolment.incarnation}.`;
      throw new DurastackError('INVALID_INPUT', message);
    }
    const { certificatePem, caPem, incarnation, intakeUrl, intervalMs } = enrolment;
    return { hostId, privateKeyPem, certificatePem, caPem, incarnation, intakeUrl, intervalMs };
  }

  /** Keeps a checked identity; the host is enrolled from then on. */
  save(identity: HostIdentity): void {
    writeDurableFile(this.identityFile, JSON.stringify(identity));
    rmSync(this.pendingFile, { force: true });
  }

  private get identityFile(): string {
    return join(this.directory, 'identity.json');
  }

  private get pendingFile(): string {
    return join(this.directory, 'pending-key.json');
  }
}

/** A certificate under which enrolment is served, and its fingerprint. */
export interface EnrolmentCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256, lower-case hexadecimal; also in `<directory>/enrol-fingerprint`. */
  readonly fingerprint: string;
}

/** The enrolment certificate of an agent directory; made once, so that its fingerprint stays. */
export async function loadEnrolmentCertificate(directory: string): Promise<EnrolmentCertificate> {
  ensurePrivateDirectory(directory);
  const file = join(directory, 'enrolment-certificate.json');
  let pair = readJsonFile(file, selfSigned);
  if (pair === undefined) {
    const { createEnrolmentCertificate } = await authority();
    pair = await createEnrolmentCertificate(`${randomUUID()}.enrolment.durastack.internal`);
    writeDurableFile(file, JSON.stringify(pair));
  }
  const fingerprint = certificateFingerprint(pair.certificatePem);
  writeDurableFile(join(directory, 'enrol-fingerprint'), `${fingerprint}\n`);
  return { ...pair, fingerprint };
}
