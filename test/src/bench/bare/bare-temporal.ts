/**
 * What the same workflow costs when Temporal is all there is: same server, same number of local and of ordinary
 * activities, bodies empty, worker and starter in processes of their own.
 */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Cloud } from '../../support/cloud.js';
import { endTogether } from '../../support/interruption.js';
import { nextMessage } from '../load/child-messages.js';
import { cpuBetween, usageOf } from '../processes.js';
import type { ShapeStep } from './bare.workflow.js';

/** CPU milliseconds per workflow. */
export interface BareCost {
  readonly shape: readonly ShapeStep[];
  readonly seconds: number;
  readonly temporalMs: number;
  readonly workerMs: number;
  readonly starterMs: number;
}

/** How many starts are under way at once, as in the dispatcher. */
const STARTS_AT_ONCE = 32;
/** Endings are noted before the last workflow task is reported: what is left of it still belongs to the run. */
export const SETTLE_MS = 500;
const WORKER = 'The worker of the bare workflow';
const STARTER = 'The starter of the bare workflow';
const LOCAL_ACTIVITY = 'core_local_activity';

/** The activities of a workflow that has run, in order, from its history. */
export async function shapeOf(cloud: Cloud, workflowId: string): Promise<ShapeStep[]> {
  const connection = await Connection.connect({ address: cloud.temporalAddress });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).flatMap((event): ShapeStep[] => {
      if (event.markerRecordedEventAttributes?.markerName === LOCAL_ACTIVITY) return ['local'];
      return event.activityTaskScheduledEventAttributes ? ['activity'] : [];
    });
  } finally {
    await connection.close();
  }
}

/** Worker and starter, ready to measure. */
export interface BareTemporal {
  measure(shape: readonly ShapeStep[], count: number): Promise<BareCost>;
  stop(): void;
}

/** Starts them beside a cloud's own worker. */
export async function startBareTemporal(cloud: Cloud): Promise<BareTemporal> {
  const logger = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const { code } = await bundleWorkflowCode({ workflowsPath: here('./bare.workflow.js'), logger });
  const bundle = join(cloud.directory, 'bare-bundle.js');
  writeFileSync(bundle, code);
  const worker = fork(here('./bare-worker.js'), [cloud.temporalAddress, bundle]);
  const starter = fork(here('./bare-starter.js'), [cloud.temporalAddress]);
  for (const child of [worker, starter]) endTogether(child);
  const stop = (): void => {
    worker.kill('SIGKILL');
    starter.kill('SIGKILL');
  };
  const run = async (shape: readonly ShapeStep[], count: number): Promise<number> => {
    const began = performance.now();
    const reached = nextMessage(worker, WORKER);
    worker.send({ expect: count, steps: shape.length });
    starter.send({ count, atOnce: STARTS_AT_ONCE, shape });
    await reached;
    return (performance.now() - began) / 1_000;
  };
  try {
    await Promise.all([nextMessage(worker, WORKER), nextMessage(starter, STARTER)]);
  } catch (error) {
    stop();
    throw error;
  }
  const pids = { temporal: cloud.temporal.pid!, worker: worker.pid!, starter: starter.pid! };
  return {
    stop,
    async measure(shape, count) {
      await run(shape, Math.min(20, count));
      await sleep(SETTLE_MS);
      const before = usageOf(pids);
      const seconds = await run(shape, count);
      await sleep(SETTLE_MS);
      const cpu = cpuBetween(before, usageOf(pids));
      const per = (name: string) => cpu[name]! / count;
      return {
        shape,
        seconds,
        temporalMs: per('temporal'),
        workerMs: per('worker'),
        starterMs: per('starter'),
      };
    },
  };
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
