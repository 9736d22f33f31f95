/**
 * The dispatcher and the sweep: loops in every worker, of which one at a time holds the lease and acts.
 *
 * A hint after a commit makes a start immediate; the loop makes it certain. Nothing here is remembered between
 * rounds: whatever is lost is found again in the rows.
 */
import { SEARCH_ATTRIBUTES, TASK_QUEUES } from '@durastack/kit/temporal/task-queues';
import type { Logger } from '@durastack/kit/log/logger';
import { chooseDispatch, type DispatchLimits } from '@durastack/model/dispatch/choose-dispatch';
import { transaction } from '@durastack/store/database/transaction';
import {
  grantForgotten,
  markAlive,
  markDispatched,
  markRunLost,
  markSignalled,
  readCancels,
  readLoad,
  readStartable,
  readSuspects,
  type StartableRow,
} from '@durastack/store/operations/dispatch';
import { holdLease, releaseLease } from '@durastack/store/operations/lease';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import type { HostWatch } from './host-watch.js';
import { repairPowerDrift } from './power-drift.js';
import type { RecoveryWatch } from './recovery.js';

const LEASE = { name: 'dispatcher', ttlMs: 5_000 } as const;
const ROUND_MS = 250;
const SWEEP_MS = 2_000;
const WATCH_MS = 1_000;
const LIMITS: DispatchLimits = { total: 500, reservedForUrgent: 50, perHost: 16 };
const STARTS_AT_ONCE = 32;

/** What the loop works with. */
export interface DispatcherOptions {
  readonly source: DataSource;
  readonly client: Client;
  readonly log: Logger;
  /** This worker's name, unique among workers. */
  readonly holder: string;
  /** Where other processes can wake this loop. */
  readonly hintUrl?: string;
  /** Asked about machines whose reported power does not fit. */
  readonly agents: AgentGateway;
  /** Marks silent hosts; asked once a second. */
  readonly hostWatch: HostWatch;
  /** While it says so, nothing is started. */
  readonly recovery: RecoveryWatch;
}

/** A running dispatcher. */
export interface Dispatcher {
  /** Something was committed: look now. */
  hint(): void;
  /** Ends the loop after its present round and gives the lease back. */
  stop(): Promise<void>;
}

/** One round after the other; each does what this worker may do while it holds the lease. */
function rounds(options: DispatcherOptions): () => Promise<void> {
  const { source, log, holder } = options;
  let sweptAt = 0;
  let watchedAt = 0;
  return async (): Promise<void> => {
    const lease = { ...LEASE, holder, ...(options.hintUrl ? { hintUrl: options.hintUrl } : {}) };
    if (!(await transaction(source, (tx) => holdLease(tx, lease)))) return;
    if (await options.recovery.round()) return;
    await startGranted(options);
    await signalCancels(options);
    const drifted = await repairPowerDrift(source, options.agents);
    if (drifted.length > 0) log.info({ virtualMachines: drifted }, 'recorded power states seen on hosts');
    if (performance.now() - watchedAt >= WATCH_MS) {
      watchedAt = performance.now();
      await options.hostWatch.round();
    }
    if (performance.now() - sweptAt >= SWEEP_MS) {
      sweptAt = performance.now();
      await sweep(options);
    }
  };
}

/** Starts the loop. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { source, log, holder } = options;
  const round = rounds(options);
  let stopping = false;
  let wake = () => {};
  let hinted = false;

  const loop = (async () => {
    while (!stopping) {
      hinted = false;
      await round().catch((error: unknown) =>
        log.warn({ error }, 'a dispatcher round failed; the next one tries again'),
      );
      if (hinted || stopping) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ROUND_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();

  return {
    hint() {
      hinted = true;
      wake();
    },
    async stop() {
      stopping = true;
      wake();
      await loop;
      await transaction(source, (tx) => releaseLease(tx, LEASE.name, holder)).catch((error: unknown) =>
        log.warn({ error }, 'the dispatcher lease was not given back; it expires'),
      );
    },
  };
}

async function startGranted(options: DispatcherOptions): Promise<void> {
  const { source } = options;
  const { waiting, load } = await transaction(source, async (tx) => {
    const rows = await readStartable(tx);
    return { waiting: rows, load: rows.length > 0 ? await readLoad(tx) : undefined };
  });
  if (!load) return;
  const byId = new Map(waiting.map((row) => [row.id, row]));
  const startable = waiting.map((row) => ({ ...row, urgent: row.direction !== 'forward' || row.run > 1 }));
  const chosen = chooseDispatch(startable, load, LIMITS);
  for (let at = 0; at < chosen.length; at += STARTS_AT_ONCE) {
    await Promise.all(
      chosen.slice(at, at + STARTS_AT_ONCE).map((id) => startOne(options, byId.get(id) as StartableRow)),
    );
  }
}

const attributeKeys = Object.fromEntries(
  SEARCH_ATTRIBUTES.map((name) => [name, defineSearchAttributeKey(name, 'KEYWORD')]),
);

async function startOne({ source, client, log }: DispatcherOptions, row: StartableRow): Promise<void> {
  const values: Record<string, string | null> = {
    DurastackOperation: row.id,
    DurastackKind: row.kind,
    DurastackAccount: row.accountId,
    DurastackDomain: row.domainId,
    DurastackZone: row.zoneId,
    DurastackResource: `${row.resourceType}:${row.resourceId}`,
  };
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [{ key: attributeKeys[name]!, value }],
  );
  try {
    await client.workflow.start(row.kind, {
      workflowId: workflowId(row),
      taskQueue: TASK_QUEUES.control,
      args: [{ operationId: row.id, run: row.run }],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout: 3_000,
      staticSummary: row.summary,
      staticDetails: `Operation ${row.id}, run ${row.run}, on ${row.resourceType} ${row.resourceId}`,
      typedSearchAttributes: new TypedSearchAttributes(pairs),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      log.warn({ error, operationId: row.id }, 'a workflow could not be started; the next round tries again');
      return;
    }
  }
  await transaction(source, (tx) => markDispatched(tx, row.id, row.run));
}

/** Temporal's id of one run of an operation. */
export function workflowId({ id, run }: { id: string; run: number }): string {
  return `${id}-${run}`;
}

async function signalCancels({ source, client, log }: DispatcherOptions): Promise<void> {
  const cancels = await transaction(source, readCancels);
  await Promise.all(
    cancels.map(async (row) => {
      try {
        await client.workflow.getHandle(workflowId(row)).signal('cancel');
        await transaction(source, (tx) => markSignalled(tx, row.id, row.run));
      } catch (error) {
        // A workflow that is gone is the sweep's business; anything else is tried again next round.
        if (!(error instanceof WorkflowNotFoundError))
          log.warn({ error, operationId: row.id }, 'a cancel could not be signalled; the next round tries again');
      }
    }),
  );
}

async function sweep(options: DispatcherOptions): Promise<void> {
  const { source, log } = options;
  const suspects = await transaction(source, readSuspects);
  for (let at = 0; at < suspects.length; at += STARTS_AT_ONCE) {
    await Promise.all(suspects.slice(at, at + STARTS_AT_ONCE).map((row) => examine(options, row)));
  }
  const granted = await grantForgotten(source);
  if (granted > 0) log.warn({ granted }, 'granted operations that nothing had granted at the end of those before them');
}

async function examine(
  { source, client, log }: DispatcherOptions,
  row: { id: string; run: number; state: string },
): Promise<void> {
  let alive: boolean;
  try {
    const { status } = await client.workflow.getHandle(workflowId(row)).describe();
    alive = status.name === 'RUNNING';
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) {
      log.warn({ error, operationId: row.id }, 'a workflow could not be looked up; the next sweep tries again');
      return;
    }
    alive = false;
  }
  if (alive) {
    await transaction(source, (tx) => markAlive(tx, row.id, row.run));
  } else if (await transaction(source, (tx) => markRunLost(tx, row.id, row.run))) {
    log.warn(
      { operationId: row.id, run: row.run },
      'the workflow of an open operation is gone; it runs again from its row',
    );
  }
}
