/**
 * Where a machine could start: every host is judged, then scored. Pure, over a snapshot; the reservation transaction
 * decides, and a refusal takes the next candidate.
 */
import type { MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';
import { judgeHosts, type HostJudgement } from './judge-hosts.js';

/** Candidates in order of preference, and the hosts that fell out with the reasons why. */
export interface PlacementPlan {
  readonly candidates: readonly HostJudgement[];
  readonly refused: readonly HostJudgement[];
}

const share = ({ host }: HostJudgement) => host.memoryMibFree / host.memoryMib;

/** The order in which suitable hosts are tried: what speaks for them, then the largest share of memory free. */
export function byPreference(a: HostJudgement, b: HostJudgement): number {
  return b.preference - a.preference || share(b) - share(a) || a.host.id.localeCompare(b.host.id);
}

/** Plans; hosts with the largest share of memory free come first, so that load spreads. */
export function planPlacement(needs: MachineNeeds, snapshot: PlacementSnapshot): PlacementPlan {
  const judged = judgeHosts(snapshot, needs, 'start');
  return {
    candidates: judged.filter(({ reasons }) => reasons.length === 0).sort(byPreference),
    refused: judged.filter(({ reasons }) => reasons.length > 0),
  };
}
