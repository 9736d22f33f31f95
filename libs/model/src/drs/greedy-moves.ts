import { BestMove, type Move } from './best-move.js';
import type { ClusterState } from './cluster-state.js';
import type { DrsRules } from './drs-scene.js';

/**
 * CloudStack's documented rule: while the cluster needs it, the one move of all that improves the imbalance most.
 *
 * @returns the moves, in order
 */
export function* greedyMoves(state: ClusterState, rules: DrsRules): Generator<void, readonly Move[]> {
  const best = new BestMove(state, rules.algorithm);
  const moves: Move[] = [];
  while (moves.length < rules.maxMoves && !state.isAsWanted && rules.outOfTime?.() !== true) {
    const move = best.of(best.machines);
    if (move === undefined) break;
    state.move(move.vm, move.to);
    moves.push(move);
    yield;
  }
  return moves;
}
