/** One move in the state of a cluster that it meets. */
import type { PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { judgeHosts } from '../placement/judge-hosts.js';
import type { ClusterState } from './cluster-state.js';
import { moveCost, type PlannedMove } from './drs-scene.js';

/** The move with its cost and its benefit. */
export function moveOf(state: ClusterState, vm: number, to: number): PlannedMove {
  const machine = state.machines[vm]!;
  return {
    vmId: machine.needs.vmId,
    name: machine.needs.name,
    fromHostId: state.hosts[state.at[vm]!]!.id,
    toHostId: state.hosts[to]!.id,
    ...moveCost(machine),
    imbalanceBefore: state.imbalance,
    imbalanceAfter: state.imbalanceAfter(vm, to),
  };
}

/** The placement's own word: why a migration would refuse it, or undefined. */
export function whyNotByPlacement(
  snapshot: PlacementSnapshot,
  state: ClusterState,
  { vm, to }: { readonly vm: number; readonly to: number },
): string | undefined {
  const { needs } = state.machines[vm]!;
  const host = { ...state.hosts[to]!, cpuMhzFree: state.cpuFree[to]!, memoryMibFree: state.memoryFree[to]! };
  const pools = new Set(needs.disks.map(({ poolId }) => poolId));
  const at = state.at[vm]!;
  const [judged] = judgeHosts(
    { ...snapshot, hosts: [host], pools: snapshot.pools.filter(({ id }) => pools.has(id)) },
    { ...needs, hostId: state.hosts[at]!.id, affinity: state.groups.needsOf(vm, at) },
    'migrate',
  );
  const reason = judged?.reasons[0];
  if (reason) return `that host ${reason.text}`;
  return judged?.storageMotion === true ? 'that host does not reach the pool of a disk' : undefined;
}
