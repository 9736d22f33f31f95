/**
 * Staying with a task on a host while it may end at any moment.
 *
 * Waiting is a workflow's timer, so that no slot is held by what takes long; but a timer may be a second late, which is
 * much of what a short task takes. So a step that expects the end soon asks again and again by itself, for a while.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import type { StepOutcome } from '@durastack/contracts/operations/step';
import { taskOutcome } from './task-outcome.js';

/** Holds a slot of the worker for no longer, and lets no cancel wait for longer. */
const STAY_MS = 2_500;
/** The agent keeps its answer back for so long, to tell the end at once. */
const WAIT_MS = 400;
/** For one that does not. */
const ASK_EVERY_MS = 50;
const SHOW_EVERY_MS = 1_000;

/** How to stay. */
export interface Staying {
  /** Starts the task, or asks how it stands; the answer may wait for the end for so long, milliseconds. */
  readonly ask: (waitMs: number) => Promise<TaskStatus>;
  /** Whether to go on staying with a task that runs. */
  readonly worthIt: (status: TaskStatus) => boolean;
  /** Shows how far it is; called about once a second. */
  readonly show?: (status: TaskStatus) => Promise<void>;
}

/** Expected to end within this: it counts for the whole. */
const SOON_S = 3;
/** What is slower on average may well end with a spurt. */
const LEAST_BYTES_PER_SECOND = 32 * 2 ** 20;

/** Whether a task that copies may end soon; also true of one that has only begun: what is small is sent in a second. */
export function mayEndSoon({ progress }: TaskStatus): boolean {
  if (progress === undefined) return true;
  const { remainingBytes, bytesPerSecond } = progress;
  return remainingBytes < SOON_S * Math.max(bytesPerSecond ?? 0, LEAST_BYTES_PER_SECOND);
}

/** As {@link taskOutcome}, of a task that was stayed with: it is stayed with again at once where that is worth it. */
export function nearOutcome(status: TaskStatus): StepOutcome {
  const outcome = taskOutcome(status);
  return outcome.done || !mayEndSoon(status) ? outcome : { ...outcome, pollMs: 0 };
}

/** The status at the end of the stay: the task's end, or how far it is. Rejects as `ask` does. */
export async function stayNear({ ask, worthIt, show }: Staying): Promise<TaskStatus> {
  const beganMs = performance.now();
  let shownMs = beganMs;
  for (;;) {
    const askedMs = performance.now();
    const status = await ask(WAIT_MS);
    const nowMs = performance.now();
    if (status.state !== 'running' || nowMs - beganMs > STAY_MS || !worthIt(status)) return status;
    if (nowMs - shownMs > SHOW_EVERY_MS) {
      shownMs = nowMs;
      await show?.(status);
    }
    await sleep(Math.max(0, ASK_EVERY_MS - (nowMs - askedMs)));
  }
}
