/**
 * Keeps one Temporal schedule for every cluster that is to balance itself. What is wanted stands in the clusters'
 * settings; schedules that were lost with Temporal's store come back, and those that nobody wants go.
 */
import type { Logger } from '@durastack/kit/log/logger';
import { TASK_QUEUE } from '@durastack/kit/temporal/task-queue';
import { autocommit } from '@durastack/store/database/transaction';
import { ALL_CLUSTERS, readAutomaticClusters, readClusterSettings } from '@durastack/store/infra/cluster-settings';
import { forgetOldDrsPlans } from '@durastack/store/infra/drs-plans';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import type { DataSource } from 'typeorm';
import { startLeasedLoop, type LeasedLoop } from './leased-loop.js';

const LEASE = { name: 'drs-schedules', ttlMs: 30_000 } as const;
const EVERY_MS = 5_000;
/** What Temporal really has is looked at again so often. */
const LOOK_AGAIN_MS = 300_000;
const PREFIX = 'drs-';
const MINUTE_MS = 60_000;
/** A run that finds no end is not waited for any longer. */
const RUN_TIMEOUT_MS = 60 * MINUTE_MS;

/** What the loop works with. */
export interface DrsSchedulesOptions {
  readonly source: DataSource;
  readonly client: Client;
  readonly log: Logger;
  /** This worker's name, unique among workers. */
  readonly holder: string;
}

/** The id of a cluster's schedule. */
export const scheduleIdOf = (clusterId: string): string => PREFIX + clusterId;

/** Starts the loop. */
export function startDrsSchedules(options: DrsSchedulesOptions): LeasedLoop {
  /** Minutes by schedule, as far as is known; undefined: what Temporal has is not known. */
  let known: Map<string, number | undefined> | undefined;
  let lookedAtMs = -Infinity;
  return startLeasedLoop({
    ...options,
    name: 'the schedules of clusters',
    lease: LEASE,
    everyMs: EVERY_MS,
    async round() {
      const tx = autocommit(options.source);
      if (performance.now() - lookedAtMs > LOOK_AGAIN_MS) {
        known = undefined;
        await forgetOldDrsPlans(tx, Number((await readClusterSettings(tx, ALL_CLUSTERS))['drs.plan.expire.interval']));
      }
      const wanted = new Map(
        (await readAutomaticClusters(tx)).map((one) => [scheduleIdOf(one.clusterId), one] as const),
      );
      if (known === undefined) {
        known = await readSchedules(options.client);
        lookedAtMs = performance.now();
      }
      for (const [id, { clusterId, intervalMinutes }] of wanted) {
        if (known.get(id) === intervalMinutes) continue;
        await put(options.client, clusterId, intervalMinutes);
        known.set(id, intervalMinutes);
      }
      for (const id of [...known.keys()].filter((one) => !wanted.has(one))) {
        await remove(options.client, id);
        known.delete(id);
      }
    },
  });
}

async function readSchedules(client: Client): Promise<Map<string, number | undefined>> {
  const found = new Map<string, number | undefined>();
  for await (const { scheduleId } of client.schedule.list())
    if (scheduleId.startsWith(PREFIX)) found.set(scheduleId, undefined);
  return found;
}

/** Clusters are spread over the interval. */
function scheduleOf(clusterId: string, intervalMinutes: number) {
  const every = intervalMinutes * MINUTE_MS;
  return {
    spec: { intervals: [{ every, offset: Number.parseInt(clusterId.slice(-8), 16) % every }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: MINUTE_MS },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'balanceCluster',
      args: [{ clusterId }],
      taskQueue: TASK_QUEUE,
      workflowRunTimeout: RUN_TIMEOUT_MS,
    },
  };
}

/** Makes the schedule, or makes it as it should be. */
async function put(client: Client, clusterId: string, intervalMinutes: number): Promise<void> {
  const scheduleId = scheduleIdOf(clusterId);
  const schedule = scheduleOf(clusterId, intervalMinutes);
  try {
    await client.schedule.create({ scheduleId, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((before) => ({ ...before, ...schedule }));
  }
}

async function remove(client: Client, scheduleId: string): Promise<void> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
