/**
 * The dispatcher and the sweep: loops in every worker, of which one at a time holds the lease and acts.
 *
 * A hint after a commit makes a start immediate; the loop makes it certain. Nothing here is remembered between
 * rounds: whatever is lost is found again in the rows.
 */
import { failOverVirtualMachine } from '@durastack/contracts/compute/fail-over-virtual-machine';
import { failOverHost } from '@durastack/contracts/infra/fail-over-host';
import { reinstateHost } from '@durastack/contracts/infra/reinstate-host';
import { SEARCH_ATTRIBUTES, TASK_QUEUE } from '@durastack/kit/temporal/task-queue';
import type { Logger } from '@durastack/kit/log/logger';
import {
  chooseDispatch,
  withoutStalled,
  freeSlots,
  fullHosts,
  type DispatchLimits,
  type DispatchLoad,
} from '@durastack/model/dispatch/choose-dispatch';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import {
  ACCOUNTS,
  grantForgotten,
  markAlive,
  markDispatched,
  markRunLost,
  markSignalled,
  readCancels,
  readLoad,
  readStartable,
  readStartableAccounts,
  readSuspects,
  type StartableRow,
} from '@durastack/store/operations/dispatch';
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { createHostTeller } from '../network/tell-hosts.js';
import { createChores } from './chores.js';
import type { HostWatch } from './host-watch.js';
import { startLeasedLoop, type LeasedLoop } from './leased-loop.js';
import { createPowerDriftRepair } from './power-drift.js';
import type { RecoveryWatch } from './recovery.js';

const LEASE = { name: 'dispatcher', ttlMs: 5_000 } as const;
const ROUND_MS = 250;
const SWEEP_MS = 2_000;
const WATCH_MS = 1_000;
const STARTS_AT_ONCE = 32;
/** How many of one account's operations one round looks at: enough to fill every slot. */
const PER_ACCOUNT = 64;
/** What is lost is started before what is new, on the slots that are kept for that. */
const HEALS: ReadonlySet<string> = new Set([failOverHost.name, failOverVirtualMachine.name, reinstateHost.name]);
/** Looked at even when all slots are taken: what waits for silent hosts needs none. */
const LEAST_PER_ACCOUNT = 4;

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
  /** How much may run at once. */
  readonly limits: DispatchLimits;
}

/**
 * What is looked after while this worker holds the lease, beside the starts: none of it may hold those up, since
 * some of it asks hosts, which may hang.
 */
function choresOf(options: DispatcherOptions) {
  const { source, log, agents, hostWatch } = options;
  const repairPowerDrift = createPowerDriftRepair(source, agents);
  const teller = createHostTeller(source, agents);
  return createChores(log, [
    { name: 'watching hosts', everyMs: WATCH_MS, run: () => hostWatch.round() },
    { name: 'sweeping', everyMs: SWEEP_MS, run: createSweep(options) },
    {
      name: 'telling hosts of each other',
      everyMs: WATCH_MS,
      async run() {
        const failures = await teller.round();
        for (const error of failures)
          log.warn({ error }, 'a host did not take the word about others; it is told again');
      },
    },
    {
      name: 'repairing drift',
      everyMs: ROUND_MS,
      async run() {
        const drifted = await repairPowerDrift();
        if (drifted.length > 0) log.info({ virtualMachines: drifted }, 'recorded power states seen on hosts');
      },
    },
  ]);
}

/** Starts the loop. */
export function startDispatcher(options: DispatcherOptions): LeasedLoop {
  const chores = choresOf(options);
  const startGranted = createStarter(options);
  return startLeasedLoop({
    ...options,
    name: 'the dispatcher',
    lease: LEASE,
    everyMs: ROUND_MS,
    async round() {
      if (await options.recovery.round()) return;
      chores.kick();
      await startGranted();
      await signalCancels(options);
    },
    ended: () => chores.ended(),
  });
}

/** Starts what the limits allow, the accounts in turn. */
function createStarter(options: DispatcherOptions): () => Promise<void> {
  const { source, agents, limits } = options;
  let afterAccount = '';
  let turn = 0;
  const lastServed = new Map<string, number>();
  return async () => {
    const found = await transaction(source, async (tx) => {
      const accounts = await readStartableAccounts(tx, afterAccount);
      afterAccount = accounts.length < ACCOUNTS ? '' : (accounts.at(-1) ?? '');
      if (accounts.length === 0) return undefined;
      const seen = withoutStalled(await readLoad(tx), agents.stalledCalls(), limits);
      const load: DispatchLoad = {
        ...seen,
        silentHosts: agents.silentHosts(),
        answeringHosts: agents.answeringHosts(),
        lastServed,
      };
      const perAccount = Math.min(PER_ACCOUNT, Math.max(freeSlots(load, limits).urgent, LEAST_PER_ACCOUNT));
      return { load, rows: await readStartable(tx, { accounts, perAccount, fullHosts: fullHosts(load, limits) }) };
    });
    if (!found) return;
    const byId = new Map(found.rows.map((row) => [row.id, row]));
    const startable = found.rows.map((row) => ({ ...row, urgent: isUrgent(row) }));
    const chosen = chooseDispatch(startable, found.load, limits);
    for (const id of chosen) {
      turn += 1;
      lastServed.set((byId.get(id) as StartableRow).accountId, turn);
    }
    for (let at = 0; at < chosen.length; at += STARTS_AT_ONCE) {
      const rows = chosen.slice(at, at + STARTS_AT_ONCE).map((id) => byId.get(id) as StartableRow);
      const started = await Promise.all(rows.map((row) => startOne(options, row)));
      const runs = rows.filter((_, index) => started[index]);
      await markDispatched(autocommit(source), runs);
    }
  };
}

const isUrgent = ({ kind, direction, run }: StartableRow): boolean =>
  direction !== 'forward' || run > 1 || HEALS.has(kind);

const attributeKeys = Object.fromEntries(
  SEARCH_ATTRIBUTES.map((name) => [name, defineSearchAttributeKey(name, 'KEYWORD')]),
);

/** Whether the workflow of this run was started, now or before. */
async function startOne({ client, log }: DispatcherOptions, row: StartableRow): Promise<boolean> {
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
      taskQueue: TASK_QUEUE,
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
      return false;
    }
  }
  return true;
}

/** Temporal's id of one run of an operation. */
export function workflowId({ id, run }: { id: string; run: number }): string {
  return `${id}-${run}`;
}

async function signalCancels({ source, client, log }: DispatcherOptions): Promise<void> {
  const cancels = await readCancels(autocommit(source));
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

/** Looks up what has been silent, and grants what was forgotten, a part of each in one go. */
function createSweep(options: DispatcherOptions): () => Promise<void> {
  const { source, log } = options;
  let afterSeq = 0;
  return async () => {
    const suspects = await transaction(source, readSuspects);
    for (let at = 0; at < suspects.length; at += STARTS_AT_ONCE) {
      await Promise.all(suspects.slice(at, at + STARTS_AT_ONCE).map((row) => examine(options, row)));
    }
    const { granted, nextSeq } = await grantForgotten(source, afterSeq);
    afterSeq = nextSeq;
    if (granted > 0)
      log.warn({ granted }, 'granted operations that nothing had granted at the end of those before them');
  };
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
