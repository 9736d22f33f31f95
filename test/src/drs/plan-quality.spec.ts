/**
 * Plans against CloudStack's rule and, for small clusters, against every plan there is. Rule, exact search and the rules
 * that each move is checked by are written apart from the planner.
 */
import type { DrsRules } from '@durastack/model/drs/drs-scene';
import { distance } from '@durastack/model/drs/imbalance';
import { planDrs } from '@durastack/model/drs/plan-drs';
import { drsCluster } from '@durastack/model/testing/drs-cluster';
import { describe, expect, it } from 'vitest';
import { exactSearch } from '../bench/drs/exact-search.js';
import { greedyRule } from '../bench/drs/greedy-rule.js';
import { carryOut, type Outcome } from '../bench/drs/plain-cluster.js';

const ROUNDING = 1e-8;
const AIMS = [
  { algorithm: 'balanced', threshold: 0 },
  { algorithm: 'balanced', threshold: 0.2 },
  { algorithm: 'condensed', threshold: 10 },
  { algorithm: 'condensed', threshold: 0.75 },
] as const satisfies readonly Partial<DrsRules>[];
const farOf = ({ algorithm, threshold }: (typeof AIMS)[number], { imbalance }: Outcome) =>
  distance(algorithm, imbalance, threshold);

describe.each([
  { hosts: 8, machines: 200, seeds: [1, 2, 3] },
  { hosts: 16, machines: 450, seeds: [4] },
  { hosts: 64, machines: 2_000, seeds: [6] },
])('plans for $hosts hosts', ({ hosts, machines, seeds }) => {
  const cases = seeds.flatMap((seed) => AIMS.map((aim) => ({ seed, ...aim })));
  it.each(cases)('$algorithm to $threshold, seed $seed: as near as the rule, no more moves, none forbidden', (aim) => {
    for (const metric of ['memory', 'cpu'] as const) {
      const shape = { hosts, machines, seed: aim.seed, mixedHosts: aim.seed % 2 === 0, bound: true };
      const scene = drsCluster(shape, { ...aim, metric, searchSteps: 100_000 });
      const [plan, rule] = [carryOut(scene, planDrs(scene)), greedyRule(scene)];
      expect(plan.forbidden).toEqual([]);
      expect(farOf(aim, plan)).toBeLessThanOrEqual(farOf(aim, rule) + ROUNDING);
      expect(plan.moves).toBeLessThanOrEqual(rule.moves);
    }
  });
});

describe('plans for 4 hosts', () => {
  it.each(AIMS)('$algorithm to $threshold: near the best of all plans', (aim) => {
    let [reached, possible] = [0, 0];
    for (const seed of [1, 2, 3])
      for (const metric of ['memory', 'cpu'] as const) {
        const shape = { hosts: 4, machines: 12, seed, mixedHosts: seed % 2 === 0, bound: true };
        const scene = drsCluster(shape, { ...aim, metric, maxMoves: 2, searchSteps: 100_000 });
        const [plan, best] = [carryOut(scene, planDrs(scene)), exactSearch(scene)];
        const before = farOf(aim, carryOut(scene, { ...planDrs(scene), moves: [] }));
        reached += before - farOf(aim, plan);
        possible += before - farOf(aim, best);
      }
    expect(reached).toBeGreaterThanOrEqual(0.95 * possible);
  });
});
