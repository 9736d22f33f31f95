/**
 * A search that takes its time, and shares no code with the planner: from what CloudStack's rule comes to, descents to
 * where no single move and no exchange of one move for another brings anything, each after a few changes by chance. What
 * it finds stands for the optimum where an exact search would not end.
 */
import type { DrsScene } from '@durastack/model/drs/drs-scene';
import { seededNumbers } from '@durastack/model/drs/seeded-numbers';
import { Look } from './greedy-rule.js';
import { PlainCluster, type Outcome } from './plain-cluster.js';

/** What a plan is compared with. */
export interface Optima {
  /** The nearest that was found with at most as many moves as the plan has. */
  readonly nearest: Outcome;
  /** The fewest moves that were found to come as near as the plan. */
  readonly fewest: Outcome;
}

/** How long it takes. */
export interface Patience {
  /** Descents for the nearest, and for each try with one move less. */
  readonly descents: number;
}

/** Exchanges of which the best is taken. */
const SAMPLE = 20_000;
const KICKS = 4;
const ROUNDING = 1e-9;

/** Looks for what the plan could have been. */
export function longSearch(scene: DrsScene, plan: Outcome, { descents }: Patience): Optima {
  const search = new LongSearch(scene);
  const nearest = search.run(plan.moves, descents, -1);
  let fewest: Outcome = plan;
  const goal = search.farOf(plan.imbalance);
  while (fewest.moves > 1) {
    const fewer = search.run(fewest.moves - 1, descents, goal);
    if (search.farOf(fewer.imbalance) > goal + ROUNDING) break;
    fewest = fewer;
  }
  return { nearest, fewest };
}

class LongSearch {
  private readonly cluster: PlainCluster;
  private readonly random = seededNumbers(4_711);
  private readonly sign: 1 | -1;

  constructor(private readonly scene: DrsScene) {
    this.cluster = new PlainCluster(scene);
    this.sign = scene.rules.algorithm === 'balanced' ? 1 : -1;
  }

  farOf(imbalance: number): number {
    return Math.max(0, this.sign * (imbalance - this.scene.rules.threshold));
  }

  /** The nearest with at most so many moves; ends early when that is as near as the goal. */
  run(most: number, descents: number, goal: number): Outcome {
    const { cluster } = this;
    this.restore(cluster.machines.map(({ home }) => home));
    this.fill(most);
    let [now, best] = [
      { far: cluster.far, at: [...cluster.at] },
      { far: cluster.far, at: [...cluster.at] },
    ];
    for (let descent = 0; descent < descents && best.far > Math.max(goal, 0) + ROUNDING; descent += 1) {
      for (let kick = 1 + this.below(KICKS); kick > 0; kick -= 1) this.sendHome();
      this.fill(most);
      while (this.exchange());
      this.fill(most);
      const { far } = cluster;
      if (far <= now.far * (1 + 0.05 * this.random())) now = { far, at: [...cluster.at] };
      else this.restore(now.at);
      if (far < best.far) best = { far, at: [...cluster.at] };
    }
    this.restore(best.at);
    return { imbalance: cluster.imbalance, moves: cluster.moved };
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private restore(at: readonly number[]): void {
    at.forEach((host, vm) => {
      if (this.cluster.at[vm] !== host) this.cluster.move(vm, host);
    });
  }

  private get away(): number[] {
    return this.cluster.free.filter((vm) => this.cluster.at[vm] !== this.cluster.machines[vm]!.home);
  }

  private sendHome(): void {
    const { away, cluster } = this;
    const vm = away[this.below(away.length)];
    if (vm !== undefined && cluster.may(vm, cluster.machines[vm]!.home)) cluster.move(vm, cluster.machines[vm]!.home);
  }

  /** The best single moves, as many as are left. */
  private fill(most: number): void {
    const { cluster, sign } = this;
    while (cluster.moved < most && cluster.far > 0) {
      const look = new Look(cluster);
      let best: { readonly vm: number; readonly to: number; readonly gain: number } | undefined;
      for (const vm of cluster.free)
        for (let to = 0; to < cluster.hosts.length; to += 1) {
          const gain = sign * (look.now - look.move(vm, to));
          if (gain > (best?.gain ?? ROUNDING) && cluster.may(vm, to)) best = { vm, to, gain };
        }
      if (best === undefined) return;
      cluster.move(best.vm, best.to);
    }
  }

  /** One move taken back and another made instead: the best of many. @returns whether that brought anything */
  private exchange(): boolean {
    const { cluster, sign, away } = this;
    if (cluster.far === 0) return false;
    const now = cluster.imbalance;
    const share = SAMPLE / (away.length * cluster.free.length * cluster.hosts.length);
    let best: { readonly back: number; readonly vm: number; readonly to: number; readonly gain: number } | undefined;
    for (const back of away) {
      const there = cluster.at[back]!;
      const { home } = cluster.machines[back]!;
      if (!cluster.may(back, home)) continue;
      cluster.move(back, home);
      const look = new Look(cluster);
      for (const vm of cluster.free) {
        if (share < 1 && this.random() > share) continue;
        for (let to = 0; to < cluster.hosts.length; to += 1) {
          if (vm === back && to === there) continue;
          const gain = sign * (now - look.move(vm, to));
          if (gain <= (best?.gain ?? ROUNDING)) continue;
          if (cluster.at[vm] !== cluster.machines[vm]!.home) continue;
          if (cluster.may(vm, to)) best = { back, vm, to, gain };
        }
      }
      cluster.move(back, there);
    }
    if (best === undefined) return false;
    cluster.move(best.back, cluster.machines[best.back]!.home);
    cluster.move(best.vm, best.to);
    return true;
  }
}
