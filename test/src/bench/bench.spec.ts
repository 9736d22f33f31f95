/** Every scenario at its smallest: that it runs, counts right and reports what it promises. Never how fast. */
import { describe, expect, it } from 'vitest';
import { comparisons, formatComparisons } from './against.js';
import { describeMachine, formatMachine } from './machine.js';
import { formatCase, type CaseReport } from './report.js';
import { loadScenarios } from './scenarios.js';

interface Expected {
  readonly counts: Record<string, number>;
  /** In every case. */
  readonly figures: string[];
  /** In one case or another. */
  readonly somewhere?: string[];
}

/** For each scenario: what it counts at its smallest, and figures that must be there. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  deploy: {
    counts: { deploys: 4, seen: 4 },
    figures: [
      ...['rate', 'call p50', 'call p99', 'call to done p50', 'cpu api', 'cpu worker', 'cpu temporal', 'cpu mariadb'],
      ...['cpu agent', 'cpu all', 'cpu generator (apart)', 'bare cpu temporal', 'ratio to bare, starter left out'],
      ...['peak memory worker'],
    ],
  },
  auth: { counts: { calls: 4, allowed: 4 }, figures: ['cpu api', 'cpu mariadb', 'cpu all', 'statements'] },
  accept: { counts: { calls: 5, accepted: 5 }, figures: ['rate', 'call p99', 'cpu api', 'cpu generator (apart)'] },
  drs: {
    counts: {},
    figures: [],
    somewhere: [
      'plans as near as the best',
      'imbalance to that of the rule',
      'moves to those of the rule',
      'time on a core',
    ],
  },
  ha: {
    counts: { deaths: 1, elsewhere: 1 },
    figures: ['proven dead p50', 'proven dead p90', 'answering elsewhere p90', 'answering elsewhere max'],
  },
  'ha-storm': {
    counts: { lost: 4, restarted: 20, oversubscribed: 0, twice: 0, findings: 0 },
    figures: [
      ...['fencing asked for max', 'proven dead max', 'restarted, priority 10, p90', 'restarted, priority 0, max'],
      ...['all restarted', 'most starts at once', 'cpu all', 'peak memory worker', 'all lost hosts used again'],
    ],
  },
  latency: { counts: { deploys: 2, seen: 2 }, figures: ['call to done p50', 'call to done p99', 'cpu all'] },
  lists: {
    counts: {},
    figures: [],
    somewhere: [
      ...['rate', 'first page p50', 'first page p99', 'everything in one reply p50', 'statements of a page', 'cpu api'],
    ],
  },
  memory: { counts: { hosts: 1, processes: 5 }, figures: ['api RSS', 'API + worker + agent RSS', 'everything PSS'] },
  'move-vm': {
    counts: { migrations: 2, arrived: 2 },
    figures: ['hypervisors p50', 'downtime p50', 'control plane p50', 'control plane p99', 'cpu all'],
  },
  'move-volume': { counts: { moves: 1, pairs: 1 }, figures: ['throughput', 'plain blockcopy', 'ratio to plain'] },
  volume: { counts: { disks: 4 }, figures: ['ready, as large as the template p99', 'ready, larger p99'] },
  placement: {
    counts: { placements: 20, placed: 20, oversubscribed: 0 },
    figures: ['rate', 'placement p99', 'cpu mariadb'],
  },
};

const scenarios = await loadScenarios();

describe('dura bench', () => {
  it('has an expectation for every scenario', () => {
    expect([...scenarios.keys()].sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.keys(EXPECTED))('%s', { timeout: 400_000 }, async (name) => {
    const cases: CaseReport[] = [];
    await scenarios.get(name)!.run({ tiny: true, simulator: true, onCase: (one) => cases.push(one) });
    const { counts, figures, somewhere = [] } = EXPECTED[name]!;
    expect(cases.length).toBeGreaterThan(0);
    const all = cases.flatMap((one) => one.figures.map((figure) => figure.name));
    expect(all).toEqual(expect.arrayContaining(somewhere));
    for (const one of cases) {
      expect(one.counts).toMatchObject(counts);
      expect(one.figures.map((figure) => figure.name)).toEqual(expect.arrayContaining(figures));
      for (const figure of one.figures) expect([figure.name, Number.isNaN(figure.value)]).toEqual([figure.name, false]);
      expect(formatCase(one)).toContain(one.title);
    }
  });

  it('says on which machine, and compares runs pair by pair', () => {
    const machine = describeMachine();
    expect(formatMachine(machine)).toMatch(/cores, .* Node v20.*MariaDB.*load before/);
    const report = (value: number) => ({
      machine,
      cases: [{ scenario: 's', title: 't', figures: [{ name: 'f', value, unit: 'ms' }], counts: {}, notes: [] }],
    });
    const pairs = [1, 2, 3].map((factor) => [report(20 * factor), report(10 * factor)] as const);
    expect(comparisons(pairs)).toEqual([{ case: 's: t', figure: 'f', unit: 'ms', here: 40, there: 20, ratio: 2 }]);
    expect(formatComparisons('main', comparisons(pairs))).toContain('2.00');
  });
});
