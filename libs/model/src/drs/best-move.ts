/**
 * The one move of all that improves the imbalance most, found without looking at every host for every machine: among
 * hosts of one size the gain only falls from the first to the last in the order of their use.
 */
import type { ClusterState } from './cluster-state.js';
import type { DrsAlgorithm } from './drs-scene.js';

/** A move in a state. */
export interface Move {
  readonly vm: number;
  readonly to: number;
}

/** Smaller gains are the rounding's. */
const EPSILON = 1e-12;

/** Finds it, in a state that changes. */
export class BestMove {
  /** Machines that may move, those that use most first: what brings most is found early, and spares the rest a closer look. */
  readonly machines: readonly number[];
  private readonly sign: 1 | -1;
  /** Hosts of each size, the one that should take first. */
  private readonly takers: readonly number[][];

  constructor(
    private readonly state: ClusterState,
    algorithm: DrsAlgorithm,
  ) {
    this.machines = [...state.movable].sort((a, b) => state.useOf(b) - state.useOf(a));
    this.sign = algorithm === 'balanced' ? 1 : -1;
    this.takers = state.alikeHosts();
  }

  /** Of these machines, or undefined when no move of theirs improves anything. */
  of(machines: Iterable<number>): Move | undefined {
    const { state, sign } = this;
    for (const hosts of this.takers) hosts.sort((a, b) => sign * (state.shareOf(a) - state.shareOf(b)));
    const now = state.imbalance;
    let best: Move | undefined;
    let most = EPSILON;
    for (const vm of machines)
      for (const hosts of this.takers)
        for (const to of hosts) {
          if (to === state.at[vm]) continue;
          const gain = sign * (now - state.imbalanceAfter(vm, to));
          if (gain <= most) break;
          if (!state.canMove(vm, to)) continue;
          [best, most] = [{ vm, to }, gain];
          break;
        }
    return best;
  }
}
