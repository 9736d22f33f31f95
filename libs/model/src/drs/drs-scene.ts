/** What a plan of the distributed resource scheduler is made from, and what it says. */
import type { MachineNeeds, PlacementSnapshot } from '@durastack/contracts/compute/placement';

/** `balanced` spreads load as evenly as it can, `condensed` gathers it on few hosts; the names are CloudStack's. */
export const DRS_ALGORITHMS = ['condensed', 'balanced'] as const;
/** See {@link DRS_ALGORITHMS}. */
export type DrsAlgorithm = (typeof DRS_ALGORITHMS)[number];

/** What is measured and levelled. */
export const DRS_METRICS = ['memory', 'cpu'] as const;
/** See {@link DRS_METRICS}. */
export type DrsMetric = (typeof DRS_METRICS)[number];

/** Whether what is used of it is levelled, or what is left. */
export const DRS_METRIC_TYPES = ['used', 'free'] as const;
/** See {@link DRS_METRIC_TYPES}. */
export type DrsMetricType = (typeof DRS_METRIC_TYPES)[number];

/** Processors in MHz, memory in MiB. */
export interface DrsUse {
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

/** A machine of the cluster. */
export interface DrsMachine {
  /** What it has reserved, and what binds it to hosts. `hostId` is where it runs. */
  readonly needs: MachineNeeds;
  /** Measured over a window; what it has reserved where nothing was measured. */
  readonly use: DrsUse;
  /** Why it stays where it is whatever would be gained; absent: it may move. */
  readonly pinned?: string;
}

/** What a host has, and what is used of it. */
export interface DrsHost {
  readonly id: string;
  readonly capacity: DrsUse;
  /** Measured, with all that is not a machine of the scene: the host's own programs. */
  readonly ownUse: DrsUse;
}

/** How it is planned. */
export interface DrsRules {
  readonly algorithm: DrsAlgorithm;
  readonly metric: DrsMetric;
  readonly metricType: DrsMetricType;
  /** Whether shares of what each host has are compared, or MHz and MiB. */
  readonly useRatio: boolean;
  /**
   * Imbalance (coefficient of variation of the hosts' use) that is wanted: `balanced` acts above it, `condensed` below,
   * and neither goes further than it.
   */
  readonly threshold: number;
  /**
   * Of `condensed`: hosts of which a greater share is used (of `free`: a smaller one is left) do not count when it is
   * asked whether the threshold is reached. From 0 to 1.
   */
  readonly skipThreshold: number;
  readonly maxMoves: number;
  /** Machines that the search looks at; more find a little more. Default: by the size of the cluster. */
  readonly searchSteps?: number;
  /** The same seed plans the same. */
  readonly seed?: number;
  /** Asked now and then; once true, what was found so far is the plan. */
  readonly outOfTime?: () => boolean;
}

/** A cluster as it was a moment ago. */
export interface DrsScene {
  /** Hosts of the cluster, the pools they reach, dedications of the zone. Only hosts that are open take part. */
  readonly snapshot: PlacementSnapshot;
  readonly hosts: readonly DrsHost[];
  readonly machines: readonly DrsMachine[];
  readonly rules: DrsRules;
}

/** One move; the ones before it have been done. */
export interface PlannedMove {
  readonly vmId: string;
  readonly name: string;
  readonly fromHostId: string;
  readonly toHostId: string;
  /** Cost: memory that crosses the network, and how long that takes at a gigabit per second. */
  readonly copyMib: number;
  readonly expectedSeconds: number;
  /** Benefit. */
  readonly imbalanceBefore: number;
  readonly imbalanceAfter: number;
}

/** Why nothing is to be moved. */
export type DrsIdleReason = 'one-host' | 'within-threshold' | 'nothing-may-move' | 'no-move-helps';

/** A plan. */
export interface DrsPlan {
  readonly moves: readonly PlannedMove[];
  readonly imbalanceBefore: number;
  readonly imbalanceAfter: number;
  /** Hosts that took part. */
  readonly hostCount: number;
  /** Set when there are no moves. */
  readonly idle?: DrsIdleReason;
}

/** Memory that a host sends in a second: a gigabit, less what the protocols take. */
const COPY_MIB_PER_SECOND = 110;
/** What a move takes besides: preparing, the pause, telling the network. */
const FIXED_SECONDS = 3;
/** A machine that computes at full power writes as much again while it is copied. */
const DIRTY_FACTOR = 1;

/** What a machine's move copies, and how long that takes; pages that were never used are not sent. */
export function moveCost({ needs, use }: DrsMachine): { readonly copyMib: number; readonly expectedSeconds: number } {
  const memory = Math.min(needs.memoryMib, Math.max(use.memoryMib, 1));
  const busy = needs.cpuMhz > 0 ? Math.min(1, use.cpuMhz / needs.cpuMhz) : 0;
  const copyMib = Math.round(memory * (1 + DIRTY_FACTOR * busy));
  return { copyMib, expectedSeconds: Math.round(FIXED_SECONDS + copyMib / COPY_MIB_PER_SECOND) };
}
