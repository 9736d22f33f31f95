/**
 * CloudStack's rule as its documentation and its `ClusterDrsService` describe it: while the cluster needs it, look at
 * every machine and every suitable host, and take the one move that improves the imbalance most. Under the same
 * constraints and measures as the planner, so that what is compared is the search.
 */
import type { DrsScene } from '@durastack/model/drs/drs-scene';
import { PlainCluster, type Outcome } from './plain-cluster.js';

/** Smaller gains are the rounding's. */
const ROUNDING = 1e-12;

/** Plans as CloudStack would. */
export function greedyRule(scene: DrsScene): Outcome {
  const cluster = new PlainCluster(scene);
  const { algorithm, maxMoves } = scene.rules;
  const sign = algorithm === 'balanced' ? 1 : -1;
  let moves = 0;
  for (; moves < maxMoves && cluster.far > 0; moves += 1) {
    const after = new Look(cluster);
    let best: { readonly vm: number; readonly to: number; readonly gain: number } | undefined;
    for (const vm of cluster.free)
      for (let to = 0; to < cluster.hosts.length; to += 1) {
        const gain = sign * (after.now - after.move(vm, to));
        if (gain > (best?.gain ?? ROUNDING) && cluster.may(vm, to)) best = { vm, to, gain };
      }
    if (best === undefined) break;
    cluster.move(best.vm, best.to);
  }
  return { imbalance: cluster.imbalance, moves };
}

/** Imbalances after single moves from one state, without making them. */
export class Look {
  readonly now: number;
  private readonly levels: readonly number[];
  private readonly kind: 0 | 1;
  private readonly mean: number;
  private readonly deviation: number;

  constructor(private readonly cluster: PlainCluster) {
    this.kind = cluster.scene.rules.metric === 'cpu' ? 0 : 1;
    this.levels = cluster.hosts.map(({ used, whole }) => used[this.kind] / whole[this.kind]);
    this.mean = this.levels.reduce((sum, level) => sum + level, 0) / this.levels.length;
    this.deviation = this.levels.reduce((sum, level) => sum + (level - this.mean) ** 2, 0);
    this.now = cluster.imbalance;
  }

  /** The imbalance after this move. */
  move(vm: number, to: number): number {
    const { cluster, kind, levels, mean } = this;
    const from = cluster.at[vm]!;
    if (from === to) return this.now;
    const use = cluster.machines[vm]!.use[kind];
    const [a, b] = [levels[from]!, levels[to]!];
    const [less, more] = [a - use / cluster.hosts[from]!.whole[kind], b + use / cluster.hosts[to]!.whole[kind]];
    const shift = (less + more - a - b) / levels.length;
    const squares =
      this.deviation -
      (a - mean) ** 2 -
      (b - mean) ** 2 +
      (less - mean) ** 2 +
      (more - mean) ** 2 -
      levels.length * shift ** 2;
    return Math.sqrt(Math.max(0, squares) / levels.length) / (mean + shift);
  }
}
