/**
 * Binds a step list to Temporal: one workflow per operation kind, options from four named profiles.
 *
 * MUST stay deterministic: time, sleep and everything else come from `@temporalio/workflow`.
 */
import type { OperationPorts, RunRef, StepActivity, StepFailure, StepRef } from '@durastack/contracts/operations/step';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  log,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
  type ActivityInterfaceFor,
  type RetryPolicy,
} from '@temporalio/workflow';
import { runOperation, type SagaRuntime } from '../saga/run-operation.js';
import type { Profile, StepList } from '../saga/steps.js';
import { TASK_QUEUE } from './task-queue.js';

/** Asks a running operation to turn back. */
export const cancelSignal = defineSignal('cancel');

/** Tells an operation that waits that what it waits for has come about: it looks at once. A hint; it looks by itself, too. */
export const lookSignal = defineSignal('look');

/** A worker that is silent for so long has died: its activities are given to another. */
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** As before, where a host does not answer: each heartbeat costs the server a write, and many wait so for long. */
const PATIENT_HEARTBEAT_TIMEOUT_MS = 30_000;
const RETRY: RetryPolicy = { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 10_000 };

type Activities = Record<string, (argument: unknown) => Promise<unknown>>;

const local = proxyLocalActivities<Activities>({
  startToCloseTimeout: 2_000,
  scheduleToCloseTimeout: 5_000,
  // These take 5 s, too: the time-out alone does not end one that fails at once and is waiting for its next attempt.
  retry: { ...RETRY, initialInterval: 20, maximumInterval: 1_000, maximumAttempts: 10 },
});
const durable = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: 20_000,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: RETRY,
});
const hosts = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: 60_000,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: { ...RETRY, maximumAttempts: 2 },
});
const patientHosts = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: 60_000,
  heartbeatTimeout: PATIENT_HEARTBEAT_TIMEOUT_MS,
  scheduleToCloseTimeout: 240_000,
  retry: RETRY,
});
const hostsForever = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: 60_000,
  heartbeatTimeout: PATIENT_HEARTBEAT_TIMEOUT_MS,
  retry: RETRY,
});

/** Calls an activity, with plain words for the operators' UI. */
type Caller = (name: string, argument: unknown, summary: string) => Promise<unknown>;

const calling =
  (activities: ActivityInterfaceFor<Activities>): Caller =>
  (name, argument, summary) =>
    activities[name]!.executeWithOptions({ summary }, [argument]);
const callLocal: Caller = (name, argument, summary) => local[name]!.executeWithOptions({ summary }, [argument]);
const callDurable = calling(durable);

/** One way first, and when what it needs is away for longer, another that waits for it. */
const inTurn =
  (first: Caller, then: Caller): Caller =>
  async (name, argument, summary) => {
    try {
      return await first(name, argument, summary);
    } catch (error) {
      if (failureOf(error).code !== 'TIMEOUT' && !isRetryable(error)) throw error;
      return then(name, argument, summary);
    }
  };

/** A short database transaction. */
const callQuick = inTurn(callLocal, callDurable);
const callHost = inTurn(calling(hosts), calling(patientHosts));
const callHostForever = inTurn(calling(hosts), calling(hostsForever));

function isRetryable(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return !(cause instanceof ApplicationFailure) || cause.nonRetryable !== true;
}

const CALLERS: Readonly<Record<Profile, Caller>> = {
  quick: callQuick,
  hostVerb: callHost,
  poll: callHost,
  forever: callHostForever,
};

function callStep(profile: Profile, name: string, step: StepRef): Promise<unknown> {
  // After the pivot there is only forward: a host that is away is waited for.
  const kept = step.direction === 'past-pivot' && profile !== 'quick' ? 'forever' : profile;
  return CALLERS[kept](name, step, step.direction === 'undoing' ? `Undo: ${step.title}` : step.title);
}

function failureOf(error: unknown): StepFailure {
  const cause = error instanceof ActivityFailure && error.cause ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'BUG', message: cause.message };
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause;
    if (last instanceof ApplicationFailure) return { code: last.type ?? 'TIMEOUT', message: last.message };
    return { code: 'TIMEOUT', message: 'The step did not finish in its time.' };
  }
  return { code: 'BUG', message: cause instanceof Error ? cause.message : String(cause) };
}

const operationPorts: OperationPorts = {
  beginRun: (run) => callQuick('beginRun', run, 'Begin') as ReturnType<OperationPorts['beginRun']>,
  setDirection: (run, direction, failure) =>
    callQuick('setDirection', { run, direction, failure }, `From here on: ${direction}`) as Promise<boolean>,
  finishRun: (run, outcome) => callQuick('finishRun', { run, outcome }, `End: ${outcome}`) as Promise<void>,
  needsAttention: (run, failure) =>
    callQuick('needsAttention', { run, failure }, 'Call for attention') as Promise<void>,
};

/**
 * Makes the workflow function of a step list.
 *
 * @param list the operation's steps
 * @returns a workflow taking one {@link RunRef}; exported under the command's name
 */
export function operationWorkflow(list: StepList): (run: RunRef) => Promise<string> {
  return async (run) => {
    let cancelled = false;
    let isTold = false;
    setHandler(cancelSignal, () => {
      cancelled = true;
    });
    setHandler(lookSignal, () => {
      isTold = true;
    });
    const outer = CancellationScope.current();
    const runtime: SagaRuntime = {
      callStep: (call, step) => {
        isTold = false;
        return callStep(call.profile, call.activity, step) as ReturnType<StepActivity>;
      },
      operation: operationPorts,
      sleep: async (ms, wakeOnCancel) =>
        void (await condition(() => isTold || (wakeOnCancel && (cancelled || outer.consideredCancelled)), ms)),
      cancelRequested: () => cancelled || outer.consideredCancelled,
      shielded: (body) => CancellationScope.nonCancellable(body),
      showStep: (text) => setCurrentDetails(text),
      failureOf,
    };
    const outcome = await runOperation(run, list, runtime);
    log.info('operation ended', { operationId: run.operationId, run: run.run, outcome });
    setCurrentDetails(`Ended: ${outcome}`);
    return outcome;
  };
}

/**
 * Makes the workflow function of what a schedule starts: one activity that looks at what there is and asks for
 * operations. It has no steps and undoes nothing.
 *
 * @returns a workflow taking what the schedule names; exported under the activity's name
 */
export function scheduledWorkflow(activity: string, summary: string): (argument: unknown) => Promise<unknown> {
  return (argument) => callDurable(activity, argument, summary);
}
