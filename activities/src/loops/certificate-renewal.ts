/**
 * Renews the certificates of hosts in time: new key, new certificate, same incarnation.
 *
 * A loop in every worker, of which the one with the lease acts. What it has begun is in the rows: the new serial is
 * written before the certificate is signed, and either serial counts until the agent is known to have it, so a crash
 * at any point neither cuts a host off nor is forgotten.
 */
import { asDurastackError } from '@durastack/contracts/errors';
import type { AgentAddress, AgentClient } from '@durastack/kit/agent-client/agent-client';
import type { Logger } from '@durastack/kit/log/logger';
import { newSerial, signHostCsr, type KeyAndCertificate } from '@durastack/kit/tls/certificate-authority';
import { readCertificate } from '@durastack/kit/tls/certificate-holder';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';
import { HOST_CERTIFICATE_DAYS, RENEWAL_DAYS } from '../infra/certificate-life.js';
import { startLeasedLoop, type HoldLease, type LeasedLoop } from './leased-loop.js';

const ROUND_MS = 15_000;
/** Longer than a page of a round, in which each host has two calls of ten seconds at most, and the pause after it. */
const LEASE = { name: 'certificates', ttlMs: 60_000 } as const;
const CALL_TIMEOUT_MS = 10_000;
/** Hosts of one page, renewed at the same time. */
const AT_ONCE = 20;

/** What the loop works with. */
export interface RenewalOptions {
  readonly source: DataSource;
  readonly client: AgentClient;
  readonly authority: KeyAndCertificate;
  readonly log: Logger;
  /** This worker's name, unique among workers. */
  readonly holder: string;
  /** Told to agents together with the certificate. */
  readonly intakeUrl: string;
  readonly heartbeatIntervalMs: number;
}

interface DueHost {
  readonly id: string;
  readonly name: string;
  readonly agentUrl: string;
  readonly expiresAt: string;
}

/** Starts the loop. */
export function startCertificateRenewal(options: RenewalOptions): LeasedLoop {
  return startLeasedLoop({
    ...options,
    name: 'the renewal of certificates',
    lease: LEASE,
    everyMs: ROUND_MS,
    round: async (hold) => void (await renewDue(options, hold)),
  });
}

/**
 * Renews what is due, the nearest end first, page after page: hosts that hang hold up only their own page. Hosts that
 * are not up are left to a later round.
 *
 * @param mayGoOn asked before each page but the first: keeps the lease, or says that another worker has it
 * @returns ids of the hosts that have a new certificate
 */
export async function renewDue(options: RenewalOptions, mayGoOn: HoldLease): Promise<string[]> {
  const renewed: string[] = [];
  for (let after: DueHost | undefined; ;) {
    const due = await readDue(options, after);
    renewed.push(...(await renewAll(options, due)));
    after = due.at(-1);
    if (due.length < AT_ONCE || !(await mayGoOn())) return renewed;
  }
}

function readDue({ source }: RenewalOptions, after: DueHost | undefined): Promise<DueHost[]> {
  const { expiresAt = '1000-01-01', id = '' } = after ?? {};
  return autocommit(source).query<DueHost>(
    `SELECT id, name, agent_url AS agentUrl, CAST(certificate_expires_at AS CHAR) AS expiresAt FROM host
      WHERE state = 'Up' AND certificate_serial IS NOT NULL AND agent_url IS NOT NULL
        AND certificate_expires_at < NOW(3) + INTERVAL ? DAY
        AND (certificate_expires_at > ? OR (certificate_expires_at = ? AND id > ?))
      ORDER BY certificate_expires_at, id LIMIT ?`,
    [RENEWAL_DAYS, expiresAt, expiresAt, id, AT_ONCE],
  );
}

async function renewAll(options: RenewalOptions, due: readonly DueHost[]): Promise<string[]> {
  const renewed = await Promise.all(
    due.map(async (host) => {
      try {
        return (await renew(options, host)) ? [host.id] : [];
      } catch (error) {
        const { code, message } = asDurastackError(error);
        options.log.warn({ hostId: host.id, name: host.name, code, message }, 'a certificate could not be renewed yet');
        return [];
      }
    }),
  );
  return renewed.flat();
}

async function renew(options: RenewalOptions, { id, name, agentUrl }: DueHost): Promise<boolean> {
  const { client, authority, intakeUrl, heartbeatIntervalMs } = options;
  const identity = await beginRenewal(options.source, id);
  if (identity === undefined) return false;
  const { incarnation, serial } = identity;
  const address: AgentAddress = { id, url: agentUrl };
  const limit = { timeoutMs: CALL_TIMEOUT_MS };
  const csrPem = await client.requestCsr(address, limit);
  const days = HOST_CERTIFICATE_DAYS;
  const certificatePem = await signHostCsr(authority, csrPem, { hostId: id, incarnation, serial, days });
  const caPem = authority.certificatePem;
  await client.installCertificate(
    address,
    { certificatePem, caPem, incarnation, intakeUrl, intervalMs: heartbeatIntervalMs },
    limit,
  );
  const { notAfter } = readCertificate(certificatePem);
  const ended = await transaction(options.source, (tx) =>
    tx.execute(
      `UPDATE host SET certificate_serial = ?, next_certificate_serial = NULL, certificate_expires_at = ?
       WHERE id = ? AND next_certificate_serial = ? AND incarnation = ? AND certificate_serial IS NOT NULL`,
      [serial, notAfter, id, serial, incarnation],
    ),
  );
  if (ended.affectedRows === 0) return false;
  options.log.info({ hostId: id, name, notAfter }, "renewed a host's certificate");
  return true;
}

/** The serial to come, written down; the one of a renewal that was interrupted is taken up. Undefined: not due any more. */
async function beginRenewal(
  source: DataSource,
  hostId: string,
): Promise<{ incarnation: number; serial: string } | undefined> {
  return transaction(source, async (tx) => {
    const [row] = await tx.query<{ incarnation: number; next: string | null }>(
      `SELECT incarnation, next_certificate_serial AS next FROM host
       WHERE id = ? AND state = 'Up' AND certificate_serial IS NOT NULL FOR UPDATE`,
      [hostId],
    );
    if (!row) return undefined;
    if (row.next !== null) return { incarnation: row.incarnation, serial: row.next };
    const serial = newSerial();
    await tx.execute('UPDATE host SET next_certificate_serial = ? WHERE id = ?', [serial, hostId]);
    return { incarnation: row.incarnation, serial };
  });
}
