/**
 * The vocabulary of workflows: a list of steps a manager could follow, each with its undo beside it or the
 * reason why there is none.
 *
 * Pure: no Temporal here, so that a step list runs as plain code in the crash matrix. `kit/temporal` binds it.
 */
import type { StepActivity } from '@durastack/contracts/operations/step';

/**
 * How an activity is called; the four option profiles.
 *
 * - `quick`: one short database transaction, as a local activity
 * - `hostVerb`: a call to a host agent
 * - `poll`: starts or asks after something long, and is called again until it is done
 * - `forever`: what must happen in the end (undo, final commit)
 */
export type Profile = 'quick' | 'hostVerb' | 'poll' | 'forever';

/** Names of a port interface's activities. */
type ActivityName<Ports> = { [K in keyof Ports]: Ports[K] extends StepActivity ? K : never }[keyof Ports] & string;

/** Ports of any operation: the runner knows activities by name only. */
type AnyPorts = Record<string, StepActivity>;

/** One activity with the profile it is called under. */
export interface Call<Ports = AnyPorts> {
  readonly profile: Profile;
  readonly activity: ActivityName<Ports>;
}

/** Why a step has no undo. */
export interface NoUndo {
  readonly noUndo: string;
}

/** One step of an operation. */
export type Step<Ports = AnyPorts> =
  | { readonly kind: 'undoable'; readonly title: string; readonly do: Call<Ports>; readonly undo: Call<Ports> | NoUndo }
  | { readonly kind: 'pivot'; readonly title: string; readonly do: Call<Ports>; readonly settle?: Call<Ports> }
  | { readonly kind: 'forward-only'; readonly title: string; readonly do: Call<Ports>; readonly reason: string };

/** One short database transaction. */
export const quick = <P>(activity: ActivityName<P>): Call<P> => ({ profile: 'quick', activity });
/** A call to a host agent. */
export const hostVerb = <P>(activity: ActivityName<P>): Call<P> => ({ profile: 'hostVerb', activity });
/** Started once, then asked until it is done. */
export const poll = <P>(activity: ActivityName<P>): Call<P> => ({ profile: 'poll', activity });
/** Nothing to take back, and why. */
export const nothing = (noUndo: string): NoUndo => ({ noUndo });

/** A step that is taken back when a later one fails. Its undo accepts that nothing was done. */
export const undoable = <P>(title: string, calls: { do: Call<P>; undo: Call<P> | NoUndo }): Step<P> => ({
  kind: 'undoable',
  title,
  ...calls,
});
/** The step after which the operation only goes forward. */
export const pivot = <P>(title: string, doCall: Call<P>): Step<P> => ({ kind: 'pivot', title, do: doCall });
/**
 * The pivot that is passed on the hosts themselves, while the step runs, at a moment which nobody can write down before
 * it comes. Until the step is done it can fail or be cancelled; then `settle` ends it, finds out on which side of the
 * pivot it stands, and says so: done, as an undo; or {@link StepOutcome.passed}, and the operation goes forward.
 */
export const pivotOnHosts = <P>(title: string, calls: { do: Call<P>; settle: Call<P> }): Step<P> => ({
  kind: 'pivot',
  title,
  ...calls,
});
/** A step that is never taken back, for the reason given. */
export const forwardOnly = <P>(title: string, doCall: Call<P>, reason: string): Step<P> => ({
  kind: 'forward-only',
  title,
  do: doCall,
  reason,
});

/** A whole operation. */
export interface StepList {
  readonly steps: readonly Step[];
}

/** Declares an operation's steps over the ports (activities) that it uses; the compiler knows their names. */
export function defineSteps<Ports>(steps: readonly Step<Ports>[]): StepList {
  return { steps: steps as unknown as readonly Step[] };
}
