import type { StepActivity } from '../operations/step.js';

/** Carrying out a plan of the distributed resource scheduler. */
export interface DrsPorts {
  /** Asks for one move after the other until none is left. CONFLICT saying why it stops. */
  moveAsPlanned: StepActivity;
  /** Moves that have not begun are dropped, those under way are waited for. */
  stopMoves: StepActivity;
}

/** What a cluster's schedule asks for. */
export interface DrsSchedulePorts {
  /** Plans the cluster as its settings say, and asks for an operation if there is something to move. */
  balanceCluster(cluster: { readonly clusterId: string }): Promise<BalanceOutcome>;
}

/** What came of it. */
export interface BalanceOutcome {
  /** In one sentence. */
  readonly outcome: string;
  readonly operationId?: string;
}
