/** What can happen to one call of an operation: a step, an undo, or one of the calls that every operation makes. */

/** Names a call: `forward 0`, `undoing 2`, `beginRun`, `setDirection`, `finishRun`. */
export type CallKey = `forward ${number}` | `undoing ${number}` | 'beginRun' | 'setDirection' | 'finishRun';

/** When an attempt that is held goes on, and what its workflow does meanwhile. */
export type Release =
  /** It was tried again; goes on once the following step has ended. */
  | 'after its retry'
  /** Its time was over; goes on once its undo has ended. */
  | 'after the undo'
  /** It was tried again; goes on once the next operation on the same resource has ended. */
  | 'after the next operation'
  /** Its time was over and all was undone; goes on once the next operation has ended. */
  | 'after undo and next operation'
  /** Its run was terminated, and another went on from the row; goes on when that has ended the operation. */
  | 'after another run'
  /** As by the button "reset": the workflow begins again in the same run. */
  | 'after a reset';

/** A fault, at one call; each strikes once. `afterwards`: not before those that stand before it have struck. */
export type Fault = { readonly at: CallKey; readonly afterwards?: true } & (
  | {
      /**
       * - `before`, `after`: fails for good, before or after its effect
       * - `timeout`: its time is over, and nothing was done
       * - `twice`: it is carried out twice
       * - `lost`: its effect happens, then the run is lost, and another begins from the row
       * - `reset`: its effect happens, then the workflow is reset to its beginning
       * - `cancel`: cancel is asked for just before it
       * - `oversized`: its result is too large for a history
       * - `refused`: the database refuses its transactions for a while
       * - `unheard`: its transactions are committed, but the connection breaks before it hears so
       */
      readonly kind:
        'before' | 'after' | 'timeout' | 'twice' | 'lost' | 'reset' | 'cancel' | 'oversized' | 'refused' | 'unheard';
    }
  /** One attempt after the other is held, each at another of these points. */
  | { readonly kind: 'held'; readonly points: readonly number[]; readonly release: Release }
);

/**
 * The worker dies after this many local activities (counted from 1): what was done since the last task of the
 * workflow is done again, from the history.
 */
export interface Crash {
  readonly afterLocal: number;
}

/** All that happens to one operation. */
export interface Plan {
  readonly faults?: readonly Fault[];
  readonly crash?: Crash;
}
