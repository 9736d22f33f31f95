/** Plans of the distributed resource scheduler: how good they are, and how long they take. Nothing but computing. */
import { distance } from '@durastack/model/drs/imbalance';
import type { DrsRules } from '@durastack/model/drs/drs-scene';
import { planDrs } from '@durastack/model/drs/plan-drs';
import { drsCluster } from '@durastack/model/testing/drs-cluster';
import { greedyRule, type Outcome } from '../drs/greedy-rule.js';
import { longSearch } from '../drs/long-search.js';
import type { CaseReport, Figure } from '../report.js';
import type { Scenario } from '../scenario.js';

interface Size {
  readonly hosts: number;
  readonly machines: number;
}

const QUALITY_SIZES: readonly Size[] = [
  { hosts: 8, machines: 200 },
  { hosts: 16, machines: 450 },
  { hosts: 32, machines: 950 },
  { hosts: 64, machines: 2_000 },
];
const TIMED_SIZES = [
  { hosts: 64, machines: 2_000, goalMs: 1_000 },
  { hosts: 1_000, machines: 25_000, goalMs: 10_000 },
] as const;
const SEEDS = 2;
const LONG = { starts: 2, searchSteps: 1_000_000 };

/** What is asked for: as good as it gets within so many moves, and as few moves as it takes to get there. */
const AIMS = [
  { name: 'balanced, 50 moves', rules: { algorithm: 'balanced', threshold: 0 } },
  { name: 'balanced to 0.2', rules: { algorithm: 'balanced', threshold: 0.2 } },
  { name: 'condensed, 50 moves', rules: { algorithm: 'condensed', threshold: 10 } },
  { name: 'condensed to 0.75', rules: { algorithm: 'condensed', threshold: 0.75 } },
] as const satisfies readonly { readonly name: string; readonly rules: Partial<DrsRules> }[];

/** See the module's head. */
export const scenario: Scenario = {
  name: 'drs',
  summary: 'plans against the rule of CloudStack and a long search, 8 to 64 hosts; time for 64 and for 1,000 hosts',
  run({ tiny, count = SEEDS, onCase }) {
    const sizes = tiny ? [{ hosts: 4, machines: 40 }] : QUALITY_SIZES;
    for (const size of sizes) for (const aim of AIMS) onCase(quality(size, aim, { seeds: tiny ? 1 : count, tiny }));
    const timed = tiny ? [{ hosts: 4, machines: 40, goalMs: 1_000 }] : TIMED_SIZES;
    for (const size of timed) onCase(time(size));
    return Promise.resolve();
  },
};

function quality(
  { hosts, machines }: Size,
  { name, rules }: (typeof AIMS)[number],
  { seeds, tiny }: { readonly seeds: number; readonly tiny: boolean | undefined },
): CaseReport {
  const all = { plan: nothing(), rule: nothing(), long: nothing() };
  for (let seed = 1; seed <= seeds; seed += 1)
    for (const metric of ['memory', 'cpu'] as const) {
      const mixedHosts = seed % 2 === 0;
      const scene = drsCluster({ hosts, machines, seed, mixedHosts, bound: true }, { ...rules, metric });
      const plan = planDrs(scene);
      add(all.plan, { imbalance: plan.imbalanceAfter, moves: plan.moves.length }, scene.rules);
      add(all.rule, greedyRule(scene), scene.rules);
      add(all.long, longSearch(scene, tiny ? { starts: 1, searchSteps: 10_000 } : LONG), scene.rules);
    }
  const plans = seeds * 2;
  const figure = (what: string, value: number, unit = ''): Figure => ({ name: what, value, unit });
  return {
    scenario: 'drs',
    title: `${hosts} hosts, ${machines} machines, ${name}`,
    figures: [
      figure('imbalance', all.plan.imbalance / plans),
      figure('moves', all.plan.moves / plans),
      figure('imbalance to that of the rule', ratio(all.plan.imbalance, all.rule.imbalance)),
      figure('imbalance to that of the long search', ratio(all.plan.imbalance, all.long.imbalance)),
      figure('moves to those of the rule', ratio(all.plan.moves, all.rule.moves)),
      figure('moves to those of the long search', ratio(all.plan.moves, all.long.moves)),
    ],
    counts: { plans, asWanted: all.plan.reached },
    notes: [`of ${plans} clusters ${all.plan.reached} came to what was wanted; by the rule ${all.rule.reached}`],
  };
}

const nothing = () => ({ imbalance: 0, moves: 0, reached: 0 });

function add(sum: ReturnType<typeof nothing>, { imbalance, moves }: Outcome, rules: DrsRules): void {
  sum.imbalance += imbalance;
  sum.moves += moves;
  if (distance(rules.algorithm, imbalance, rules.threshold) === 0) sum.reached += 1;
}

const ratio = (value: number, other: number) => (other === 0 ? (value === 0 ? 1 : Infinity) : value / other);

function time({ hosts, machines, goalMs }: Size & { readonly goalMs: number }): CaseReport {
  const scene = drsCluster({ hosts, machines, seed: 1, mixedHosts: true, bound: true });
  const before = process.cpuUsage();
  const began = performance.now();
  const plan = planDrs(scene);
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return {
    scenario: 'drs',
    title: `one plan for ${hosts} hosts, ${machines} machines`,
    figures: [
      { name: 'time on a core', value: (user + system) / 1_000, unit: 'ms', goal: { atMost: goalMs } },
      { name: 'wall time', value: wallMs, unit: 'ms' },
      { name: 'moves', value: plan.moves.length, unit: '' },
      { name: 'imbalance before', value: plan.imbalanceBefore, unit: '' },
      { name: 'imbalance after', value: plan.imbalanceAfter, unit: '' },
    ],
    counts: { hosts: plan.hostCount },
    notes: [],
  };
}
