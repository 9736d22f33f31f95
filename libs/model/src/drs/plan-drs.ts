/**
 * Which machines of a cluster should move where, in which order. Pure, over a snapshot: what was true a moment ago.
 * Whoever carries a move out looks again.
 */
import { ClusterState } from './cluster-state.js';
import type { DrsIdleReason, DrsPlan, DrsScene, PlannedMove } from './drs-scene.js';
import { moveOf, whyNotByPlacement } from './judge-move.js';
import { MoveSearch } from './search-moves.js';

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
  const search = new MoveSearch(state, scene.rules);
  const idle = idleReason(state, search);
  if (idle !== undefined) return planOf(state, [], idle);
  yield* search.greedy();
  const wanted = yield* search.anneal();
  return yield* inOrder(scene, wanted);
}

function idleReason(state: ClusterState, search: MoveSearch): DrsIdleReason | undefined {
  if (state.hosts.length < 2) return 'one-host';
  if (search.distanceOf(state.imbalance) === 0) return 'within-threshold';
  return state.movable.length === 0 ? 'nothing-may-move' : undefined;
}

function planOf(state: ClusterState, moves: readonly PlannedMove[], idle?: DrsIdleReason): DrsPlan {
  const now = state.imbalance;
  return {
    moves,
    imbalanceBefore: moves[0]?.imbalanceBefore ?? now,
    imbalanceAfter: moves.at(-1)?.imbalanceAfter ?? now,
    hostCount: state.hosts.length,
    ...(idle === undefined ? {} : { idle }),
  };
}

/**
 * The moves one after the other: always one that is possible by then, the one that brings most first. What would only
 * be possible together (two machines that wait for each other's room) is left out, and so is a tail that brings less
 * than it costs.
 */
function* inOrder(scene: DrsScene, wanted: ReadonlyMap<number, number>): Generator<void, DrsPlan> {
  const state = new ClusterState(scene);
  const search = new MoveSearch(state, scene.rules);
  const left = new Map(wanted);
  const moves: PlannedMove[] = [];
  let best = { value: search.value, count: 0 };
  for (;;) {
    yield;
    let next: { readonly vm: number; readonly to: number; readonly value: number } | undefined;
    for (const [vm, to] of left) {
      if (!state.canMove(vm, to)) continue;
      const value = search.distanceOf(state.imbalanceAfter(vm, to)) + search.priceOf(vm);
      if (next === undefined || value < next.value) next = { vm, to, value };
    }
    if (next === undefined) break;
    left.delete(next.vm);
    if (whyNotByPlacement(scene.snapshot, state, next) !== undefined) continue;
    moves.push(moveOf(state, next.vm, next.to));
    search.move(next.vm, next.to);
    if (search.value < best.value) best = { value: search.value, count: moves.length };
  }
  moves.length = best.count;
  return planOf(new ClusterState(scene), moves, moves.length === 0 ? 'no-move-helps' : undefined);
}
