/**
 * What workflows and activities say to each other. Only ids and small numbers: everything else is read from the
 * operation's row, so that a lost run starts again from the row alone and histories hold no secret.
 */
import type { AttentionCause } from './attention.js';
import type { TransferProgress } from './transfer-progress.js';

/** Names an operation's run. Workflow id: `<operationId>-<run>`. */
export interface RunRef {
  readonly operationId: string;
  readonly run: number;
}

/** Names one step of a run. `token` is what the agent compares; every undo is above every forward step. */
export interface StepRef extends RunRef {
  readonly generation: number;
  readonly controlEpoch: number;
  readonly direction: 'forward' | 'past-pivot' | 'undoing';
  /** Position in the step list, from 0. */
  readonly index: number;
  /** The token's step number. */
  readonly tokenStep: number;
  /** One short transaction, which a worker's death may repeat after its successors. Absent: it is never repeated then. */
  readonly quick?: true;
  /** Plain words, shown to users and operators. */
  readonly title: string;
  /** Steps in the list. */
  readonly count: number;
}

/** What a step says: done, or not yet (the workflow sleeps, then calls it again). */
export type StepOutcome =
  | {
      readonly done: true;
      readonly detail?: string;
      readonly progress?: TransferProgress;
      /** Of the settling of a pivot that is passed on the hosts: it was passed, and there is only forward. */
      readonly passed?: true;
    }
  | {
      readonly done: false;
      readonly pollMs: number;
      readonly detail?: string;
      readonly progress?: TransferProgress;
      /** Of a pivot that is passed on the hosts: it was passed just now. The step is called on, and only goes forward. */
      readonly passed?: true;
    };

/** The step has had its effect. */
export const DONE: StepOutcome = { done: true };

/** The step has had its effect; `detail` is what should be known about it. */
export function doneWith(detail: string, progress?: TransferProgress): StepOutcome {
  return { done: true, detail, ...(progress === undefined ? {} : { progress }) };
}

/** What was to be settled has passed its pivot; see `pivotOnHosts`. */
export const PASSED: StepOutcome = { done: true, passed: true };

/** Not yet: call again after `pollMs` (0: at once, having waited by itself); `detail` and its numbers are shown as progress. */
export function pending(pollMs: number, detail?: string, progress?: TransferProgress): StepOutcome {
  const shown = { ...(detail === undefined ? {} : { detail }), ...(progress === undefined ? {} : { progress }) };
  return { done: false, pollMs, ...shown };
}

/** The pivot was passed on the hosts; what follows from that takes a while. Called on at once, past the pivot. */
export const PASSING: StepOutcome = { done: false, pollMs: 0, passed: true };

/** Every step and every undo is one activity of this shape. */
export type StepActivity = (step: StepRef) => Promise<StepOutcome>;

/** What beginning a run finds. */
export type Begun =
  | {
      readonly kind: 'run';
      readonly generation: number;
      readonly controlEpoch: number;
      readonly direction: 'forward' | 'past-pivot' | 'undoing';
      readonly cancelRequested: boolean;
      /** This run was begun before (repeated, or reset), or an earlier one was: any step may have had its effect. */
      readonly again?: boolean;
    }
  /** A newer run exists, or the operation has ended: do nothing. */
  | { readonly kind: 'superseded' }
  /** The lifecycle's first event is not allowed any more, or the reason no longer applies: it has ended. */
  | { readonly kind: 'ended' };

/** Why an operation turned back. */
export interface StepFailure {
  readonly code: string;
  readonly message: string;
  readonly step?: string;
}

/** Why an operation needs attention. */
export interface AttentionFailure extends StepFailure {
  readonly code: AttentionCause;
}

/** The activities that every operation needs, whatever it does. */
export interface OperationPorts {
  /** Compare-and-set `granted → running` for this run; allocates the generation. */
  beginRun(run: RunRef): Promise<Begun>;
  /**
   * Writes the direction before the effect that it governs; of a pivot that was passed on the hosts, as soon as that is
   * known, also by one that was turning back. False: superseded.
   */
  setDirection(run: RunRef, direction: 'past-pivot' | 'undoing', failure?: StepFailure): Promise<boolean>;
  /** The final commit: outcome, state, release of locks and claims, grants of the next. */
  finishRun(run: RunRef, outcome: 'succeeded' | 'undone'): Promise<void>;
  /** An undo, or a step after the pivot, failed for good: keeps the locks, alerts. */
  needsAttention(run: RunRef, failure: AttentionFailure): Promise<void>;
}
