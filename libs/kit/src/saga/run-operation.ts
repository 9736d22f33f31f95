/**
 * Runs a step list: begin, forward, and on failure or cancel the undos in reverse order, then the final commit.
 *
 * Everything that governs an effect is written in the operation's row before the effect: direction `undoing`
 * before the first undo, `past-pivot` before the pivot. A run that was lost starts again from the row: forward
 * from the first step (each step accepts that it was done), or undoing from the last step (each undo accepts
 * that nothing was done). The one exception is a pivot that hosts pass by themselves: it is written when it is known,
 * and when it becomes known while turning back, the operation goes forward again.
 */
import { isOfNewerRun, mayHealByItself } from '@durastack/contracts/operations/attention';
import type {
  AttentionFailure,
  Begun,
  OperationPorts,
  RunRef,
  StepFailure,
  StepOutcome,
  StepRef,
} from '@durastack/contracts/operations/step';
import type { Call, Profile, Step, StepList } from './steps.js';

/** What the runner needs from its surroundings: Temporal in production, plain code in the crash matrix. */
export interface SagaRuntime {
  /** Calls an activity of the step list. Rejects with the step's failure once the profile's retries are over. */
  callStep(call: { readonly profile: Profile; readonly activity: string }, step: StepRef): Promise<StepOutcome>;
  /** The activities of every operation. */
  readonly operation: OperationPorts;
  /** `wakeOnCancel`: returns early when cancel is asked for. */
  sleep(ms: number, wakeOnCancel: boolean): Promise<void>;
  /** Whether cancel was asked for. */
  cancelRequested(): boolean;
  /** Runs `body` so that a cancel of the workflow itself does not stop it. */
  shielded<T>(body: () => Promise<T>): Promise<T>;
  /** Shows the present step to operators. */
  showStep(text: string): void;
  /** The failure of a rejected call, as code and sentence. */
  failureOf(error: unknown): StepFailure;
}

type Running = Extract<Begun, { kind: 'run' }>;

const INSIST_AFTER_MS = 10_000;

/** The step of the undo of step `index`: above every forward step and every undo of a later step. */
function undoTokenStep(count: number, index: number): number {
  return 2 * count - index;
}

/** The step of a forward step after turning back had begun: above every undo. */
function resumedTokenStep(count: number, index: number): number {
  return 2 * count + 1 + index;
}

function stepRef(
  run: RunRef,
  begun: Running,
  list: StepList,
  at: { call: Call; index: number; direction: StepRef['direction']; resumed?: boolean },
): StepRef {
  const count = list.steps.length;
  const { call, index, direction, resumed = false } = at;
  const forwardStep = resumed ? resumedTokenStep(count, index) : index + 1;
  return {
    operationId: run.operationId,
    run: run.run,
    generation: begun.generation,
    controlEpoch: begun.controlEpoch,
    direction,
    index,
    count,
    tokenStep: direction === 'undoing' ? undoTokenStep(count, index) : forwardStep,
    title: (list.steps[index] as Step).title,
    ...(call.profile === 'quick' ? { quick: true } : {}),
  };
}

class StepFailed {
  constructor(
    readonly failure: StepFailure,
    readonly index: number,
    readonly direction: StepRef['direction'] = 'forward',
  ) {}
}

/** How a step ended; `passed`: see {@link StepOutcome}; `passing`: it has not, but there is no way back from here on. */
type Ended = 'done' | 'passed' | 'passing';

/** Calls a step until it is done; cancel is heard between two calls while the operation may still turn back. */
async function perform(runtime: SagaRuntime, call: Call, ref: StepRef, mayCancel: boolean): Promise<Ended> {
  for (;;) {
    const outcome = await runtime.callStep(call, ref);
    if (outcome.done) return outcome.passed === true ? 'passed' : 'done';
    runtime.showStep(outcome.detail ? `${ref.title} (${outcome.detail})` : ref.title);
    if (outcome.passed === true && ref.direction === 'forward') return 'passing';
    if (mayCancel && runtime.cancelRequested()) throw cancelled(ref.title);
    // A timer may be a second late: a step that wants to be called at once is.
    if (outcome.pollMs === 0) continue;
    await runtime.sleep(outcome.pollMs, mayCancel);
    if (mayCancel && runtime.cancelRequested()) throw cancelled(ref.title);
  }
}

/** Where there is no way back, what may succeed later is tried again for as long as it takes. */
async function insist<T>(runtime: SagaRuntime, always: boolean, body: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (!always || isFailure(error) || !mayHealByItself(runtime.failureOf(error).code)) throw error;
      await runtime.sleep(INSIST_AFTER_MS, false);
    }
  }
}

const cancelled = (step: string): StepFailure => ({
  code: 'CANCELLED',
  message: `Cancelled on request at the step “${step}”.`,
  step,
});

function isFailure(error: unknown): error is StepFailure {
  return (
    typeof error === 'object' && error !== null && !(error instanceof Error) && 'code' in error && 'message' in error
  );
}

interface Way {
  readonly run: RunRef;
  readonly begun: Running;
}

async function forward(
  runtime: SagaRuntime,
  { run, begun }: Way,
  list: StepList,
  resumeAt?: number,
): Promise<StepFailed | undefined> {
  const resumed = resumeAt !== undefined;
  let direction: StepRef['direction'] = resumed ? 'past-pivot' : begun.direction;
  const pass = async (): Promise<void> => {
    if (!(await runtime.operation.setDirection(run, 'past-pivot'))) throw SUPERSEDED;
    direction = 'past-pivot';
  };
  for (const [index, step] of list.steps.entries()) {
    if (index < (resumeAt ?? 0)) continue;
    const mayCancel = direction === 'forward';
    if (mayCancel && (begun.cancelRequested || runtime.cancelRequested()))
      return new StepFailed(cancelled(step.title), index - 1);
    if (step.kind === 'pivot' && step.settle === undefined && direction === 'forward') await pass();
    runtime.showStep(step.title);
    try {
      const refNow = () => stepRef(run, begun, list, { call: step.do, index, direction, resumed });
      const ended = await insist(runtime, !mayCancel, () => perform(runtime, step.do, refNow(), mayCancel));
      if (step.kind === 'pivot' && direction === 'forward') await pass();
      if (ended === 'passing') await insist(runtime, true, () => perform(runtime, step.do, refNow(), false));
    } catch (error) {
      const failure = isFailure(error) ? error : { ...runtime.failureOf(error), step: step.title };
      if (isOfNewerRun(failure.code)) throw SUPERSEDED;
      return new StepFailed(failure, index, direction);
    }
  }
  return undefined;
}

const SUPERSEDED = Symbol('superseded');

/** What takes a step back, if anything does. */
function undoOf(step: Step): Call | undefined {
  if (step.kind === 'pivot') return step.settle;
  return step.kind === 'undoable' && !('noUndo' in step.undo) ? step.undo : undefined;
}

/** Gives the step behind the pivot when that turned out to have been passed. */
async function undoFrom(
  runtime: SagaRuntime,
  { run, begun }: Way,
  list: StepList,
  from: number,
): Promise<AttentionFailure | { readonly goOnAt: number } | undefined> {
  for (let index = from; index >= 0; index -= 1) {
    const step = list.steps[index] as Step;
    const undo = undoOf(step);
    if (undo === undefined) continue;
    runtime.showStep(`Undoing: ${step.title}`);
    try {
      const call: Call = { ...undo, profile: 'forever' };
      const ref = stepRef(run, begun, list, { call, index, direction: 'undoing' });
      const ended = await insist(runtime, true, () => perform(runtime, call, ref, false));
      if (ended === 'passed') return { goOnAt: index + 1 };
    } catch (error) {
      const failure = runtime.failureOf(error);
      if (isOfNewerRun(failure.code)) throw SUPERSEDED;
      return { code: 'UNDO_FAILED', message: `Undoing “${step.title}” failed: ${failure.message}`, step: step.title };
    }
  }
  return undefined;
}

/**
 * Runs one operation to its end.
 *
 * @param run which operation, and which of its runs
 * @param list its steps
 * @returns how it ended; `superseded` when another run or a person has taken over, and nothing was done here
 */
export async function runOperation(
  run: RunRef,
  list: StepList,
  runtime: SagaRuntime,
): Promise<'succeeded' | 'undone' | 'needs-attention' | 'superseded' | 'ended'> {
  return runtime.shielded(async () => {
    const begun = await runtime.operation.beginRun(run);
    if (begun.kind !== 'run') return begun.kind;
    try {
      return await runBegun(runtime, run, begun, list);
    } catch (error) {
      if (error === SUPERSEDED || isSuperseded(runtime, error)) return 'superseded';
      throw error;
    }
  });
}

function isSuperseded(runtime: SagaRuntime, error: unknown): boolean {
  return runtime.failureOf(error).code === 'SUPERSEDED';
}

function stuckForward({ message, step }: StepFailure): AttentionFailure {
  const what = step === undefined ? 'A step' : `“${step}”`;
  return {
    code: 'FORWARD_FAILED',
    message: `${what} failed where there is no way back: ${message}`,
    ...(step === undefined ? {} : { step }),
  };
}

async function runBegun(
  runtime: SagaRuntime,
  run: RunRef,
  begun: Running,
  list: StepList,
): Promise<'succeeded' | 'undone' | 'needs-attention'> {
  const way = { run, begun };
  let undoStart = list.steps.length - 1;
  if (begun.direction !== 'undoing') {
    const failed = await forward(runtime, way, list);
    if (!failed) return succeed(runtime, run);
    if (hasNoWayBack(list, failed)) return stop(runtime, run, stuckForward(failed.failure));
    if (!(await runtime.operation.setDirection(run, 'undoing', failed.failure))) throw SUPERSEDED;
    // An earlier attempt may have gone further than this one; each undo accepts that nothing was done.
    if (begun.again !== true) undoStart = failed.index;
  }
  const stuck = await undoFrom(runtime, way, list, undoStart);
  if (stuck !== undefined && 'goOnAt' in stuck) return goOn(runtime, way, list, stuck.goOnAt);
  if (stuck) return stop(runtime, run, stuck);
  await runtime.operation.finishRun(run, 'undone');
  return 'undone';
}

/** Whether a failure at this step cannot be answered by turning back. */
function hasNoWayBack({ steps }: StepList, { index: failedAt, direction }: StepFailed): boolean {
  const pivotAt = steps.findIndex((step) => step.kind === 'pivot');
  if (pivotAt < 0) return false;
  const pivot = steps[pivotAt] as Extract<Step, { kind: 'pivot' }>;
  const lastTurning = pivot.settle === undefined ? pivotAt - 1 : pivotAt;
  return failedAt > lastTurning || direction === 'past-pivot';
}

/** While it turned back it was found that the hosts had passed the pivot. */
async function goOn(
  runtime: SagaRuntime,
  way: Way,
  list: StepList,
  at: number,
): Promise<'succeeded' | 'needs-attention'> {
  if (!(await runtime.operation.setDirection(way.run, 'past-pivot'))) throw SUPERSEDED;
  const failed = await forward(runtime, way, list, at);
  return failed ? stop(runtime, way.run, stuckForward(failed.failure)) : succeed(runtime, way.run);
}

async function succeed(runtime: SagaRuntime, run: RunRef): Promise<'succeeded'> {
  await runtime.operation.finishRun(run, 'succeeded');
  return 'succeeded';
}

async function stop(runtime: SagaRuntime, run: RunRef, failure: AttentionFailure): Promise<'needs-attention'> {
  await runtime.operation.needsAttention(run, failure);
  return 'needs-attention';
}
