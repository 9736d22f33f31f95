/**
 * Which machines of a cluster should move where, in which order. Pure, over a snapshot: what was true a moment ago.
 * Whoever carries a move out looks again.
 */
import { ClusterState } from './cluster-state.js';
import type { DrsIdleReason, DrsPlan, DrsScene, PlannedMove } from './drs-scene.js';
import { greedyMoves } from './greedy-moves.js';
import { moveOf, whyNotByPlacement } from './judge-move.js';
import { MoveSearch, type Assignment } from './search-moves.js';

/** Sums of many small steps do not meet to the last bit. */
const EPSILON = 1e-9;

/** Plans, all at once. */
export function planDrs(scene: DrsScene): DrsPlan {
  const planning = planDrsInSlices(scene);
  for (;;) {
    const { done, value } = planning.next();
    if (done === true) return value;
  }
}

/** Plans; between two slices of a few milliseconds whoever asks may do something else. */
export function* planDrsInSlices(scene: DrsScene): Generator<void, DrsPlan> {
  const state = new ClusterState(scene);
  const before = { imbalance: state.imbalance, hostCount: state.hosts.length };
  const idle = idleReason(state);
  if (idle !== undefined) return planOf(before, [], idle);
  const search = new MoveSearch(state, scene.rules);
  const began = search.far;
  const byRule = yield* greedyMoves(new ClusterState(scene), scene.rules);
  for (const { vm, to } of byRule) search.move(vm, to);
  const goal = search.far;
  const rule = search.assignment();
  const better = yield* inOrder(scene, yield* search.better(began));
  if (better.far <= goal + EPSILON) return planOf(before, better.moves);
  // Some of its moves are only possible together.
  const simple = yield* inOrder(scene, rule);
  return planOf(before, simple.far < better.far ? simple.moves : better.moves);
}

function idleReason(state: ClusterState): DrsIdleReason | undefined {
  if (state.hosts.length < 2) return 'one-host';
  if (state.isAsWanted) return 'within-threshold';
  return state.movable.length === 0 ? 'nothing-may-move' : undefined;
}

function planOf(
  { imbalance, hostCount }: { readonly imbalance: number; readonly hostCount: number },
  moves: readonly PlannedMove[],
  idle: DrsIdleReason = 'no-move-helps',
): DrsPlan {
  return {
    moves,
    imbalanceBefore: imbalance,
    imbalanceAfter: moves.at(-1)?.imbalanceAfter ?? imbalance,
    hostCount,
    ...(moves.length === 0 ? { idle } : {}),
  };
}

/**
 * The moves one after the other: always one that is possible by then, the one that brings most first. What would only
 * be possible together (two machines that wait for each other's room) is left out, and so is a tail that brings nothing.
 */
function* inOrder(
  scene: DrsScene,
  wanted: Assignment,
): Generator<void, { readonly moves: readonly PlannedMove[]; readonly far: number }> {
  const state = new ClusterState(scene);
  const search = new MoveSearch(state, scene.rules);
  const sign = scene.rules.algorithm === 'balanced' ? 1 : -1;
  const left = new Map(wanted);
  const moves: PlannedMove[] = [];
  let best = { far: search.far, count: 0 };
  for (;;) {
    yield;
    let next: { readonly vm: number; readonly to: number; readonly after: number } | undefined;
    for (const [vm, to] of left) {
      if (!state.canMove(vm, to)) continue;
      const after = sign * state.imbalanceAfter(vm, to);
      if (next === undefined || after < next.after) next = { vm, to, after };
    }
    if (next === undefined) break;
    left.delete(next.vm);
    if (whyNotByPlacement(scene.snapshot, state, next) !== undefined) continue;
    moves.push(moveOf(state, next.vm, next.to));
    search.move(next.vm, next.to);
    if (search.far < best.far - EPSILON) best = { far: search.far, count: moves.length };
  }
  return { moves: moves.slice(0, best.count), far: best.far };
}
