/** Recovery as administrators see it. */
import type { Tx } from '../database/transaction.js';
import { controlEpoch } from '../operations/settings.js';
import { activeRecovery, type RecoveryState } from './recovery-state.js';

/** One thing for a person. */
export interface RecoveryFinding {
  readonly kind: string;
  /** `<type>:<id>`, with `@<host>` where the host makes the difference. */
  readonly subject: string;
  readonly hostId?: string;
  readonly message: string;
}

/** A host that recovery waits for. */
export interface AwaitedHost {
  readonly id: string;
  readonly name: string;
  /** Why it could not be read the last time. */
  readonly error: string | null;
}

/** All of it. Findings stay after recovery has ended, until they are acknowledged. */
export interface RecoveryReport {
  readonly state: RecoveryState | undefined;
  readonly controlEpoch: number;
  readonly hostCount: number;
  readonly readCount: number;
  readonly awaited: readonly AwaitedHost[];
  readonly findings: readonly (RecoveryFinding & { readonly since: string })[];
}

/** Reads it. */
export async function readRecoveryReport(tx: Tx): Promise<RecoveryReport> {
  const [counts] = await tx.query<{ hosts: number; known: number | null }>(
    "SELECT COUNT(*) AS hosts, SUM(state = 'read') AS known FROM recovery_host",
  );
  const awaited = await tx.query<AwaitedHost>(
    `SELECT h.id, h.name, r.error FROM recovery_host r JOIN host h ON h.id = r.host_id
      WHERE r.state = 'pending' ORDER BY h.name LIMIT 500`,
  );
  return {
    state: await activeRecovery(tx),
    controlEpoch: await controlEpoch(tx),
    hostCount: Number(counts?.hosts ?? 0),
    readCount: Number(counts?.known ?? 0),
    awaited,
    findings: await readRecoveryFindings(tx),
  };
}

/** What recovery left to a person. */
export async function readRecoveryFindings(tx: Tx): Promise<(RecoveryFinding & { readonly since: string })[]> {
  const rows = await tx.query<RecoveryFinding & { hostId: string | null; since: string }>(
    `SELECT kind, subject, host_id AS hostId, message, DATE_FORMAT(created_at, '%Y-%m-%dT%TZ') AS since
       FROM recovery_finding ORDER BY kind, subject LIMIT 1000`,
  );
  return rows.map(({ hostId, ...row }) => ({ ...row, ...(hostId === null ? {} : { hostId }) }));
}

/** A person has dealt with them. @returns how many there were */
export async function acknowledgeFindings(tx: Tx): Promise<number> {
  return (await tx.execute('DELETE FROM recovery_finding')).affectedRows;
}
