/**
 * CloudStack's rule as its documentation and its `ClusterDrsService` describe it: while the cluster needs it, look at
 * every machine and every suitable host, and take the one move that improves the imbalance most. Under the same
 * constraints and measures as the planner, so that what is compared is the search.
 */
import { ClusterState } from '@durastack/model/drs/cluster-state';
import type { DrsScene } from '@durastack/model/drs/drs-scene';
import { distance } from '@durastack/model/drs/imbalance';

/** What a search came to. */
export interface Outcome {
  readonly imbalance: number;
  readonly moves: number;
}

/** Plans as CloudStack would. */
export function greedyRule(scene: DrsScene): Outcome {
  const state = new ClusterState(scene);
  const { algorithm, threshold, maxMoves } = scene.rules;
  const sign = algorithm === 'balanced' ? 1 : -1;
  let moves = 0;
  for (; moves < maxMoves && distance(algorithm, state.imbalance, threshold) > 0; moves += 1) {
    const now = state.imbalance;
    let best: { readonly vm: number; readonly to: number; readonly gain: number } | undefined;
    for (const vm of state.movable) {
      for (let to = 0; to < state.hosts.length; to += 1) {
        const gain = sign * (now - state.imbalanceAfter(vm, to));
        if (gain > (best?.gain ?? 0) && state.canMove(vm, to)) best = { vm, to, gain };
      }
    }
    if (best === undefined) break;
    state.move(best.vm, best.to);
  }
  return { imbalance: state.imbalance, moves };
}
