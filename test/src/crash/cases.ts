/** Enumerates what can happen to a workflow, from its step list alone. */
import type { StepList } from '@durastack/kit/saga/steps';
import type { CallKey, Fault, Plan, Release } from './faults.js';

/** How an operation ends. */
export type End = 'succeeded' | 'failed' | 'cancelled' | 'needs-attention';

/** One case. */
export interface Case {
  readonly title: string;
  readonly faults: readonly Fault[];
  readonly end: End;
}

/** An attempt that is held: one case for every point at which it can be. */
export interface HoldCase {
  readonly title: string;
  readonly at: CallKey;
  readonly release: Release;
  /** What else happens; makes the operation turn back where it must. */
  readonly faults: readonly Fault[];
  /** The same without anything held: its world is what the case's is compared with. */
  readonly like: readonly Fault[];
  readonly end: End;
}

/** What a step list is about, seen from its faults. */
export interface Shape {
  readonly list: StepList;
  readonly pivotAt: number;
  /** Whether hosts pass the pivot by themselves, while its step runs. */
  readonly onHosts: boolean;
  /** The last step whose failure turns the operation back. */
  readonly lastTurning: number;
  /** Indices of steps that have an undo and may have to use it. */
  readonly undos: readonly number[];
}

/** See {@link Shape}. */
export function shapeOf(list: StepList): Shape {
  const { steps } = list;
  const pivotAt = steps.findIndex((step) => step.kind === 'pivot');
  const pivot = steps[pivotAt];
  const onHosts = pivot?.kind === 'pivot' && pivot.settle !== undefined;
  const lastTurning = pivotAt < 0 ? steps.length - 1 : onHosts ? pivotAt : pivotAt - 1;
  const undos = steps.flatMap((step, index) => (isUndone(step) && index <= lastTurning ? [index] : []));
  return { list, pivotAt, onHosts, lastTurning, undos };
}

const isUndone = (step: StepList['steps'][number]): boolean =>
  step.kind === 'undoable' ? !('noUndo' in step.undo) : step.kind === 'pivot' && step.settle !== undefined;

const turnsBack = ({ lastTurning }: Shape, index: number) => index <= lastTurning;
/** After its effect, a step in which hosts pass the pivot does not turn back any more. */
const failingLast = ({ lastTurning, onHosts }: Shape): Fault => ({
  at: `forward ${lastTurning}`,
  kind: onHosts ? 'before' : 'after',
});

/** Every step with every fault that strikes once. */
export function stepCases(shape: Shape): Case[] {
  const { steps } = shape.list;
  return steps.flatMap(({ title }, index) => {
    const back = turnsBack(shape, index);
    // What has happened on hosts by then is beyond the pivot.
    const passes = shape.onHosts && index === shape.pivotAt;
    const failsAfter: End = back && !passes ? 'failed' : 'succeeded';
    const at: CallKey = `forward ${index}`;
    const one = (what: string, kind: Exclude<Fault['kind'], 'held'>, end: End): Case => ({
      title: `step “${title}” ${what}`,
      faults: [{ at, kind }],
      end,
    });
    return [
      one('failing before its effect', 'before', back ? 'failed' : 'succeeded'),
      one('failing after its effect', 'after', failsAfter),
      one('whose time is over', 'timeout', back ? 'failed' : 'succeeded'),
      one('twice', 'twice', 'succeeded'),
      one('losing its run', 'lost', 'succeeded'),
      one('followed by a reset', 'reset', 'succeeded'),
      one('meeting a cancel', 'cancel', back && !passes && index < steps.length - 1 ? 'cancelled' : 'succeeded'),
      one('with an oversized result', 'oversized', back ? failsAfter : 'needs-attention'),
      ...(back && index > 0 ? [lostThenFailing(title, { index, end: failsAfter })] : []),
    ];
  });
}

const lostThenFailing = (title: string, { index, end }: { index: number; end: End }): Case => ({
  title: `step “${title}” losing its run, and the next run failing at the first step`,
  faults: [
    { at: `forward ${index}`, kind: 'lost' },
    { at: 'forward 0', kind: 'before', afterwards: true },
  ],
  end,
});

/** Every undo with every fault. */
export function undoCases(shape: Shape): Case[] {
  return shape.undos.flatMap((index) => {
    const title = shape.list.steps[index]!.title;
    const one = (what: string, kind: Exclude<Fault['kind'], 'held'>, end: End): Case => ({
      title: `undo of “${title}” ${what}`,
      faults: [failingLast(shape), { at: `undoing ${index}`, kind }],
      end,
    });
    return [
      one('twice', 'twice', 'failed'),
      one('losing its run', 'lost', 'failed'),
      one('followed by a reset', 'reset', 'failed'),
      one('with an oversized result', 'oversized', 'needs-attention'),
    ];
  });
}

const PORTS: readonly CallKey[] = ['beginRun', 'setDirection', 'finishRun'];

/**
 * The database has a bad moment at every call of the operation; and a run is lost, or reset, after each of the calls
 * that every operation makes, the final commit among them.
 */
export function commitCases(shape: Shape): Case[] {
  const { steps } = shape.list;
  const forward = steps.map((_step, index): CallKey => `forward ${index}`);
  const undoing = shape.undos.map((index): CallKey => `undoing ${index}`);
  const all = [...PORTS, ...forward.filter((at) => at !== `forward ${shape.lastTurning}`), ...undoing];
  const ways = [
    { what: '', first: [] as Fault[], end: 'succeeded' as End },
    ...(shape.lastTurning >= 0 ? [{ what: ' turning back', first: [failingLast(shape)], end: 'failed' as End }] : []),
  ];
  return ways.flatMap(({ what, first, end }) => {
    const one = (title: string, keys: readonly CallKey[], kind: 'refused' | 'unheard' | 'lost' | 'reset'): Case => ({
      title: `${title}${what}`,
      faults: [...first, ...keys.map((at) => ({ at, kind }))],
      end,
    });
    return [
      one('a database that refuses every commit for a while', all, 'refused'),
      one('a connection that breaks after every commit', all, 'unheard'),
      one('a run lost after its beginning, its turn and its final commit', PORTS, 'lost'),
      one('a reset after its beginning, its turn and its final commit', PORTS, 'reset'),
    ];
  });
}

/** Every call whose attempt can be held, and when it is released. */
export function holdCases(shape: Shape): HoldCase[] {
  const { steps } = shape.list;
  const forwardCases = steps.flatMap(({ title }, index): HoldCase[] => {
    const at: CallKey = `forward ${index}`;
    const name = `attempt of “${title}”`;
    const retried = (
      ['after its retry', 'after the next operation', 'after another run', 'after a reset'] as const
    ).map((release): HoldCase => ({
      title: `${name} released ${release}`,
      at,
      release,
      faults: [],
      like: [],
      end: 'succeeded',
    }));
    // Held after its effect, a step in which hosts pass the pivot is not undone: see the steps' own cases.
    if (!turnsBack(shape, index) || (shape.onHosts && index === shape.pivotAt)) return retried;
    const undone = (['after the undo', 'after undo and next operation'] as const).map((release): HoldCase => ({
      title: `${name} released ${release}`,
      at,
      release,
      faults: [],
      like: [{ at, kind: 'before' }],
      end: 'failed',
    }));
    return [...retried, ...undone];
  });
  const undoing = shape.undos.flatMap((index) =>
    (['after its retry', 'after the next operation', 'after another run'] as const).map((release): HoldCase => ({
      title: `attempt of the undo of “${steps[index]!.title}” released ${release}`,
      at: `undoing ${index}`,
      release,
      faults: [failingLast(shape)],
      like: [failingLast(shape)],
      end: 'failed',
    })),
  );
  const ports = (['beginRun', 'finishRun'] as const).flatMap((at) =>
    (['after its retry', 'after the next operation'] as const).map((release): HoldCase => ({
      title: `attempt of ${at} released ${release}`,
      at,
      release,
      faults: [],
      like: [],
      end: 'succeeded',
    })),
  );
  return [...forwardCases, ...undoing, ...ports];
}

/** The ways through a workflow along which a worker may die after any local activity. */
export function crashPaths(shape: Shape): { readonly title: string; readonly plan: Plan; readonly end: End }[] {
  return [
    { title: 'on the way forward', plan: {}, end: 'succeeded' },
    ...(shape.lastTurning >= 0
      ? [{ title: 'turning back', plan: { faults: [failingLast(shape)] }, end: 'failed' as const }]
      : []),
  ];
}
