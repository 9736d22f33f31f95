/** Facts for `status` straight from the database, so that they are there also when the API is not. */
import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';
import { EARLIER_CONFLICTS } from '@durastack/store/operations/earlier-conflicts';
import { mariadbSocket } from '../parts/mariadb.js';
import { run } from '../system/run.js';

/** Operations that are not finished, by what they wait for. */
export interface OperationCounts {
  readonly running: number;
  readonly queued: number;
  readonly needsAttention: number;
}

/** A host as the control plane sees it. */
export interface HostFact {
  readonly name: string;
  readonly state: string;
  readonly accelerator: string | null;
}

/** Recovery after a restore: under way, and what it left to a person. */
export interface RecoveryFact {
  readonly active: boolean;
  readonly awaitedHosts: number;
  readonly findings: number;
}

/** The operation that has been waiting for longest, and for what. */
export interface WaitingFact {
  readonly operationId: string;
  readonly summary: string;
  readonly state: 'queued' | 'granted';
  readonly seconds: number;
  /** The first of the operations before it; null: it has its turn, and waits for a worker's free slot. */
  readonly behind: string | null;
}

/** What the database says; `undefined` when it does not answer. */
export interface DatabaseFacts {
  readonly hosts: readonly HostFact[];
  readonly operations: OperationCounts;
  /** Absent when nothing waits. */
  readonly waiting?: WaitingFact;
  readonly recovery: RecoveryFact;
}

const QUERY = `
SELECT JSON_OBJECT('kind', 'host', 'name', name, 'state', state, 'accelerator', accelerator)
  FROM host WHERE state <> 'Removed' ORDER BY name LIMIT 1000;
SELECT JSON_OBJECT('kind', 'operations', 'state', state, 'count', COUNT(*)) FROM operation
  WHERE state IN (${OPEN_OPERATION_STATES.map((state) => `'${state}'`).join(', ')}) GROUP BY state;
SELECT JSON_OBJECT('kind', 'waiting', 'operationId', o.id, 'summary', o.summary, 'state', o.state,
    'seconds', TIMESTAMPDIFF(SECOND, o.created_at, UTC_TIMESTAMP()),
    'behind', (SELECT CONCAT(b.summary, ' (', b.state, IF(b.step_title IS NULL, '', CONCAT(', ', b.step_title)), ')')
        FROM ${EARLIER_CONFLICTS}
        JOIN operation b ON b.id = other.operation_id WHERE mine.operation_id = o.id ORDER BY other.seq LIMIT 1))
  FROM operation o WHERE o.seq = (SELECT MIN(seq) FROM (
    SELECT MIN(seq) AS seq FROM operation WHERE state = 'queued'
    UNION ALL SELECT MIN(seq) FROM operation WHERE state = 'granted' AND dispatched_at IS NULL) oldest);
SELECT JSON_OBJECT('kind', 'recovery', 'active', EXISTS (SELECT 1 FROM setting WHERE name = 'recovery'),
  'awaitedHosts', (SELECT COUNT(*) FROM recovery_host WHERE state = 'pending'),
  'findings', (SELECT COUNT(*) FROM recovery_finding));
`;

type Row =
  | { kind: 'host'; name: string; state: string; accelerator: string | null }
  | { kind: 'operations'; state: string; count: number }
  | ({ kind: 'waiting' } & WaitingFact)
  | { kind: 'recovery'; active: number; awaitedHosts: number; findings: number };

/** Reads them through the database's socket. */
export async function readDatabaseFacts(directory: string): Promise<DatabaseFacts | undefined> {
  const options = ['--no-defaults', `--socket=${mariadbSocket(directory)}`, '--user=root', '--connect-timeout=3'];
  const args = [...options, '--batch', '--raw', '--skip-column-names', 'durastack'];
  const result = await run('mariadb', args, { input: QUERY, timeoutMs: 10_000 });
  if (result.code !== 0) return undefined;
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  return summarise(lines.map((line) => JSON.parse(line) as Row));
}

function summarise(rows: readonly Row[]): DatabaseFacts {
  const count = (...states: string[]): number =>
    rows.reduce((sum, row) => (row.kind === 'operations' && states.includes(row.state) ? sum + row.count : sum), 0);
  const recovery = rows.find((row) => row.kind === 'recovery');
  const waiting = rows.find((row) => row.kind === 'waiting');
  return {
    ...(waiting ? { waiting: waitingOf(waiting) } : {}),
    recovery: {
      active: recovery?.active === 1,
      awaitedHosts: recovery?.awaitedHosts ?? 0,
      findings: recovery?.findings ?? 0,
    },
    hosts: rows.flatMap((row) =>
      row.kind === 'host' ? [{ name: row.name, state: row.state, accelerator: row.accelerator }] : [],
    ),
    operations: {
      running: count('granted', 'running'),
      queued: count('queued'),
      needsAttention: count('needs-attention'),
    },
  };
}

function waitingOf({ operationId, summary, state, seconds, behind }: WaitingFact): WaitingFact {
  return { operationId, summary, state, seconds, behind };
}
