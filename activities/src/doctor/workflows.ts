/** Operations in Temporal: every run that should be there, and none that should not. */
import { asDurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';

const ANSWER_WITHIN_MS = 10_000;
const LOOKUPS_AT_ONCE = 16;
/** A run that was started or touched so lately is in somebody's hands. */
const FRESH_S = 10;
const MOST = 500;

interface OpenRow {
  readonly id: string;
  readonly run: number;
  readonly summary: string;
  readonly state: string;
  readonly fresh: number;
  readonly touchedAt: Date;
}

const workflowIdOf = ({ id, run }: Pick<OpenRow, 'id' | 'run'>): string => `${id}-${run}`;

/** Compares the rows of open operations with the workflows that run. */
export const checkWorkflows: Check = async ({ db, temporal }) => {
  if (temporal === undefined) return [];
  try {
    const seen = await listRunning(temporal);
    const rows = await readOpen(db);
    return [...(await lost(temporal, rows, seen)), ...(await strangers({ db, temporal }, rows, seen))];
  } catch (error) {
    return [temporalUnreachable(error)];
  }
};

/** What is said when Temporal cannot be asked. */
export function temporalUnreachable(error: unknown): Finding {
  return finding('temporal-unreachable', {
    resource: { type: 'temporal', id: 'frontend' },
    where: 'Temporal',
    what: `Temporal does not answer: ${asDurastackError(error).message}`,
    touches: [],
  });
}

function within<T>(temporal: Client, body: () => Promise<T>): Promise<T> {
  return temporal.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, body);
}

async function listRunning(temporal: Client): Promise<Set<string>> {
  const ids = new Set<string>();
  return within(temporal, async () => {
    for await (const { workflowId } of temporal.workflow.list({ query: "ExecutionStatus = 'Running'" }))
      ids.add(workflowId);
    return ids;
  });
}

function readOpen(db: Tx): Promise<OpenRow[]> {
  return db.query<OpenRow>(
    `SELECT id, run, summary, state, touched_at AS touchedAt, GREATEST(touched_at, COALESCE(dispatched_at, touched_at)) > NOW(3) - INTERVAL ${FRESH_S} SECOND AS fresh
       FROM operation WHERE state = 'running' OR (state = 'granted' AND dispatched_at IS NOT NULL)`,
  );
}

/** The list of Temporal lags behind: what it lacks or still shows is asked for by name. */
async function runs(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await within(temporal, () => temporal.workflow.getHandle(workflowId).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function lost(temporal: Client, rows: readonly OpenRow[], seen: ReadonlySet<string>): Promise<Finding[]> {
  const missing = rows.filter((row) => Number(row.fresh) === 0 && !seen.has(workflowIdOf(row))).slice(0, MOST);
  const gone = await filterAsync(missing, async (row) => !(await runs(temporal, workflowIdOf(row))));
  return gone.map((row) =>
    finding('operation-without-workflow', {
      resource: { type: 'operation', id: row.id },
      where: 'Temporal',
      what: `Operation ${row.id} (${row.summary}) is ${row.state}, but its workflow ${workflowIdOf(row)} does not run`,
      since: row.touchedAt,
      details: { run: String(row.run) },
      touches: [],
    }),
  );
}

async function strangers(
  { db, temporal }: { db: Tx; temporal: Client },
  rows: readonly OpenRow[],
  seen: ReadonlySet<string>,
): Promise<Finding[]> {
  const expected = new Set(rows.map(workflowIdOf));
  const parsed = [...seen].flatMap((workflowId) => {
    const [, id, run] = /^([0-9a-f-]{36})-(\d+)$/.exec(workflowId) ?? [];
    return id === undefined || expected.has(workflowId) ? [] : [{ workflowId, id, run: Number(run) }];
  });
  const odd = parsed.slice(0, MOST);
  if (odd.length === 0) return [];
  const known = await db.query<{ id: string; run: number; state: string; endedAt: Date | null }>(
    'SELECT id, run, state, ended_at AS endedAt FROM operation WHERE id IN (?)',
    [odd.map(({ id }) => id)],
  );
  const byId = new Map(known.map((row) => [row.id, row]));
  const wrong = odd.filter(({ id, run }) => {
    const row = byId.get(id);
    // Granted, and its start is being noted at this moment.
    return !(row && row.run === run && ['granted', 'running'].includes(row.state));
  });
  const alive = await filterAsync(wrong, ({ workflowId }) => runs(temporal, workflowId));
  return alive.map(({ workflowId, id, run }) => {
    const row = byId.get(id);
    const open = row && ['queued', 'granted', 'running'].includes(row.state);
    const place = { place: String(run), details: { workflowId, run: String(run) }, touches: [] };
    const resource = { type: 'operation', id };
    if (open) {
      const what = `Workflow ${workflowId} runs, but operation ${id} is in run ${row.run}`;
      return finding('workflow-superseded', { resource, where: 'Temporal', what, ...place });
    }
    const reason = row ? `operation ${id} is ${row.state}` : `there is no operation ${id}`;
    const what = `Workflow ${workflowId} runs, but ${reason}`;
    return finding('workflow-without-operation', {
      resource,
      where: 'Temporal',
      what,
      since: row?.endedAt ?? null,
      ...place,
    });
  });
}

async function filterAsync<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (let at = 0; at < items.length; at += LOOKUPS_AT_ONCE) {
    const part = items.slice(at, at + LOOKUPS_AT_ONCE);
    const verdicts = await Promise.all(part.map(keep));
    kept.push(...part.filter((_item, index) => verdicts[index]));
  }
  return kept;
}
