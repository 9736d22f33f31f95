/** Plans of the distributed resource scheduler: how good they are, and how long they take. Nothing but computing. */
import { distance } from '@durastack/model/drs/imbalance';
import type { DrsRules, DrsScene } from '@durastack/model/drs/drs-scene';
import { planDrs } from '@durastack/model/drs/plan-drs';
import { drsCluster } from '@durastack/model/testing/drs-cluster';
import { exactSearch } from '../drs/exact-search.js';
import { greedyRule } from '../drs/greedy-rule.js';
import { longSearch } from '../drs/long-search.js';
import { carryOut, PlainCluster, type Outcome } from '../drs/plain-cluster.js';
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
const DESCENTS = 100;
/** Clusters of which every order of every set of moves can be tried. */
const EXACT = { hosts: 4, machines: 14, maxMoves: 3, seeds: 6 } as const;

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
  summary: 'plans against the rule of CloudStack and the optimum, 4 to 64 hosts; time for 64 and for 1,000 hosts',
  run({ tiny, count = SEEDS, onCase }) {
    const sizes = tiny ? [{ hosts: 4, machines: 40 }] : QUALITY_SIZES;
    for (const aim of AIMS) onCase(againstExact(aim, tiny ? { ...EXACT, maxMoves: 2, seeds: 1 } : EXACT));
    for (const size of sizes)
      for (const aim of AIMS) onCase(quality(size, aim, { seeds: tiny ? 1 : count, descents: tiny ? 2 : DESCENTS }));
    const timed = tiny ? [{ hosts: 4, machines: 40, goalMs: 1_000 }] : TIMED_SIZES;
    for (const size of timed) onCase(time(size));
    return Promise.resolve();
  },
};

type Aim = (typeof AIMS)[number];

/** The same clusters with memory and with processors, hosts alike and unlike. */
function scenesOf(shape: Size & { readonly maxMoves?: number }, { rules }: Aim, seeds: number): DrsScene[] {
  const { hosts, machines, maxMoves = 50 } = shape;
  return Array.from({ length: seeds }, (_, index) => index + 1).flatMap((seed) =>
    (['memory', 'cpu'] as const).map((metric) =>
      drsCluster({ hosts, machines, seed, mixedHosts: seed % 2 === 0, bound: true }, { ...rules, metric, maxMoves }),
    ),
  );
}

/** The planner's outcome as another hand carries it out. */
function planned(scene: DrsScene): Outcome & { readonly forbidden: readonly string[] } {
  return carryOut(scene, planDrs(scene));
}

const farOf = ({ rules }: DrsScene, { imbalance }: Outcome) => {
  const far = distance(rules.algorithm, imbalance, rules.threshold);
  return far < ROUNDING ? 0 : far;
};
const ROUNDING = 1e-8;
const figure = (name: string, value: number, unit = ''): Figure => ({ name, value, unit });
const ratio = (value: number, other: number) => (other === 0 ? (value === 0 ? 1 : Infinity) : value / other);

function againstExact(aim: Aim, shape: typeof EXACT | (Size & { readonly maxMoves: number; readonly seeds: number })) {
  let [same, moves, best, worst] = [0, 0, 0, 1];
  const scenes = scenesOf(shape, aim, shape.seeds);
  for (const scene of scenes) {
    const [plan, exact] = [planned(scene), exactSearch(scene)];
    const before = farOf(scene, { imbalance: new PlainCluster(scene).imbalance, moves: 0 });
    const reduced = ratio(before - farOf(scene, plan), before - farOf(scene, exact));
    if (farOf(scene, plan) <= farOf(scene, exact) + ROUNDING) same += 1;
    worst = Math.min(worst, reduced);
    moves += plan.moves;
    best += exact.moves;
  }
  return {
    scenario: 'drs',
    title: `${shape.hosts} hosts, ${shape.machines} machines, ${aim.name.replace('50', String(shape.maxMoves))}, every plan tried`,
    figures: [
      figure('plans as near as the best', same / scenes.length),
      figure('the least part of the best improvement', worst),
      figure('moves to those of the best', ratio(moves, best)),
    ],
    counts: { plans: scenes.length, asGoodAsTheBest: same },
    notes: [],
  } satisfies CaseReport;
}

function quality(
  size: Size,
  aim: Aim,
  { seeds, descents }: { readonly seeds: number; readonly descents: number },
): CaseReport {
  const sum = { plan: nothing(), rule: nothing(), nearest: nothing(), fewest: nothing() };
  let [worse, forbidden] = [0, 0];
  const scenes = scenesOf(size, aim, seeds);
  for (const scene of scenes) {
    const [plan, rule] = [planned(scene), greedyRule(scene)];
    const { nearest, fewest } = longSearch(scene, plan, { descents });
    if (farOf(scene, plan) > farOf(scene, rule) + ROUNDING || plan.moves > rule.moves) worse += 1;
    forbidden += plan.forbidden.length;
    for (const [name, outcome] of Object.entries({ plan, rule, nearest, fewest }) as [keyof typeof sum, Outcome][])
      add(sum[name], outcome, farOf(scene, outcome));
  }
  return {
    scenario: 'drs',
    title: `${size.hosts} hosts, ${size.machines} machines, ${aim.name}`,
    figures: [
      figure('imbalance', sum.plan.imbalance / scenes.length),
      figure('moves', sum.plan.moves / scenes.length),
      figure('plans worse than the rule', worse),
      figure('imbalance to that of the rule', ratio(sum.plan.imbalance, sum.rule.imbalance)),
      figure('moves to those of the rule', ratio(sum.plan.moves, sum.rule.moves)),
      figure('imbalance to the best with as many moves', ratio(sum.plan.imbalance, sum.nearest.imbalance)),
      figure('moves to the fewest that come as near', ratio(sum.plan.moves, sum.fewest.moves)),
    ],
    counts: { plans: scenes.length, asWanted: sum.plan.reached, forbidden },
    notes: [
      `of ${scenes.length} clusters ${sum.plan.reached} came to what was wanted; by the rule ${sum.rule.reached}`,
    ],
  };
}

const nothing = () => ({ imbalance: 0, moves: 0, reached: 0 });

function add(sum: ReturnType<typeof nothing>, { imbalance, moves }: Outcome, far: number): void {
  sum.imbalance += imbalance;
  sum.moves += moves;
  if (far === 0) sum.reached += 1;
}

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
