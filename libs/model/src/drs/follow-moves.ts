/** Moves that somebody else has chosen: whether they are possible one after the other, and what they bring. */
import { ClusterState } from './cluster-state.js';
import { moveOf, whyNotByPlacement } from './judge-move.js';
import type { DrsPlan, DrsScene, PlannedMove } from './drs-scene.js';

/** The moves as a plan, or why one of them is impossible. */
export interface FollowedMoves extends DrsPlan {
  readonly refusal?: string;
}

/** Follows the moves. Machines and hosts must be those of the scene. */
export function followMoves(
  scene: DrsScene,
  wanted: readonly { readonly vmId: string; readonly toHostId: string }[],
): FollowedMoves {
  const state = new ClusterState(scene);
  const imbalanceBefore = state.imbalance;
  const moves: PlannedMove[] = [];
  const result = (refusal?: string): FollowedMoves => ({
    ...{ moves, imbalanceBefore, imbalanceAfter: state.imbalance, hostCount: state.hosts.length },
    ...(refusal === undefined ? {} : { refusal }),
  });
  for (const { vmId, toHostId } of wanted) {
    const vm = state.machines.findIndex(({ needs }) => needs.vmId === vmId);
    const to = state.hosts.findIndex(({ id }) => id === toHostId);
    const machine = state.machines[vm];
    if (to < 0) return result(`The host ${toHostId} is not up and enabled.`);
    if (!machine) return result(`The machine ${vmId} is on a host that is not up and enabled.`);
    const { name } = machine.needs;
    if (moves.some((move) => move.vmId === vmId)) return result(`${name} is named twice.`);
    const why = machine.pinned ?? whyNotByPlacement(scene.snapshot, state, { vm, to });
    if (why !== undefined) return result(`${name} cannot be moved to ${state.hosts[to]!.name}: ${why}.`);
    moves.push(moveOf(state, vm, to));
    state.move(vm, to);
  }
  return result();
}
