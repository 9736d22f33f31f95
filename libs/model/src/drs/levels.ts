/**
 * How much each host of a cluster has of what is levelled, and how unevenly: sums that a move changes in constant time.
 */
import type { DrsRules } from './drs-scene.js';
import { variation } from './imbalance.js';

type LevelRules = Pick<DrsRules, 'algorithm' | 'metricType' | 'useRatio' | 'threshold' | 'skipThreshold'>;

/** Sums of many small steps do not meet to the last bit. */
const EPSILON = 1e-9;

/** Count, sum and sum of squares of levels. */
class Sums {
  private count = 0;
  private sum = 0;
  private squares = 0;

  /** `middle`: a number near all levels. What is summed is the way from there, so that squares stay small and exact. */
  constructor(private readonly middle: number) {}

  add(level: number, sign: 1 | -1): void {
    const way = level - this.middle;
    this.count += sign;
    this.sum += sign * way;
    this.squares += sign * way * way;
  }

  /** The imbalance if these two levels were others. */
  variationWith([a, b]: readonly [number, number], [c, d]: readonly [number, number]): number {
    const [wa, wb, wc, wd] = [a - this.middle, b - this.middle, c - this.middle, d - this.middle];
    return variation(
      this.count,
      this.sum - wa - wb + wc + wd,
      this.squares - wa * wa - wb * wb + wc * wc + wd * wd,
      this.middle,
    );
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get variation(): number {
    return variation(this.count, this.sum, this.squares, this.middle);
  }
}

/** See the module's head. */
export class Levels {
  private readonly level: Float64Array;
  /** What a MHz or a MiB more in use adds to the level of each host. */
  private readonly perUse: Float64Array;
  private readonly all: Sums;
  /** Hosts that count for the threshold of `condensed`. */
  private readonly counted: Sums;

  /** @param share what is used of each host now, of its capacity */
  constructor(
    private readonly rules: LevelRules,
    private readonly capacity: Float64Array,
    share: Float64Array,
  ) {
    const sign = rules.metricType === 'free' ? -1 : 1;
    this.perUse = capacity.map((whole) => (rules.useRatio ? sign / whole : sign));
    this.level = share.map((used, host) => {
      const part = rules.metricType === 'free' ? 1 - used : used;
      return rules.useRatio ? part : part * capacity[host]!;
    });
    const middle = this.level.reduce((sum, level) => sum + level, 0) / Math.max(1, this.level.length);
    this.all = new Sums(middle);
    this.counted = new Sums(middle);
    this.level.forEach((_, host) => this.count(host, 1));
  }

  get imbalance(): number {
    return this.all.variation;
  }

  /** As CloudStack decides it: of `condensed`, nearly full hosts are left out. */
  get isAsWanted(): boolean {
    const { algorithm, threshold } = this.rules;
    if (algorithm === 'balanced') return this.all.variation <= threshold + EPSILON;
    return this.counted.isEmpty || this.counted.variation >= threshold - EPSILON;
  }

  imbalanceAfter(from: number, to: number, use: number): number {
    const [a, b] = [this.level[from]!, this.level[to]!];
    return this.all.variationWith([a, b], [a - use * this.perUse[from]!, b + use * this.perUse[to]!]);
  }

  move(from: number, to: number, use: number): void {
    for (const host of [from, to]) this.count(host, -1);
    this.level[from]! -= use * this.perUse[from]!;
    this.level[to]! += use * this.perUse[to]!;
    for (const host of [from, to]) this.count(host, 1);
  }

  private count(host: number, sign: 1 | -1): void {
    const level = this.level[host]!;
    this.all.add(level, sign);
    if (this.rules.algorithm === 'condensed' && this.counts(host)) this.counted.add(level, sign);
  }

  private counts(host: number): boolean {
    const { metricType, useRatio, skipThreshold } = this.rules;
    const part = useRatio ? this.level[host]! : this.level[host]! / this.capacity[host]!;
    return metricType === 'free' ? part >= skipThreshold : part <= skipThreshold;
  }
}
