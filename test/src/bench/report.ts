/** What a scenario found, as figures that two runs can be compared by, and how it is printed. */
import type { Machine } from './machine.js';

/** What the issue tracker asks of a figure. */
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One number. Its name is the same in every run of the scenario, so that runs can be compared. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
}

/** One case of a scenario, e.g. 100 deploys on 4 hosts. */
export interface CaseReport {
  readonly scenario: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** How many things were done and seen to be done; the tests compare these. */
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/** A whole call of `dura bench`. */
export interface BenchReport {
  readonly machine: Machine;
  readonly cases: readonly CaseReport[];
}

const DECIMALS_BELOW = [
  [1, 3],
  [10, 2],
  [1_000, 1],
] as const;

/** A number with as many digits as say something. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const decimals = DECIMALS_BELOW.find(([limit]) => Math.abs(value) < limit)?.[1] ?? 0;
  return value.toFixed(decimals);
}

/** `≤ 20, met` or `≥ 15, MISSED`; empty without a goal. */
export function formatGoal({ value, goal }: Figure): string {
  if (goal === undefined) return '';
  const parts: string[] = [];
  if (goal.atMost !== undefined) parts.push(`≤ ${goal.atMost}, ${value <= goal.atMost ? 'met' : 'missed'}`);
  if (goal.atLeast !== undefined) parts.push(`≥ ${goal.atLeast}, ${value >= goal.atLeast ? 'met' : 'missed'}`);
  return `goal ${parts.join('; ')}`;
}

/** One case as lines of text. */
export function formatCase({ scenario, title, figures, notes }: CaseReport): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  const lines = figures.map((figure) =>
    `  ${figure.name.padEnd(width)}  ${formatNumber(figure.value).padStart(9)} ${figure.unit.padEnd(12)} ${formatGoal(figure)}`.trimEnd(),
  );
  return [`${scenario}: ${title}`, ...lines, ...notes.map((note) => `  ${note}`), ''].join('\n');
}

/** p50, p99 and the greatest of some times. */
export function timeFigures(
  name: string,
  samplesMs: readonly number[],
  goals: { p50?: Goal; p99?: Goal } = {},
): Figure[] {
  const figure = (which: string, value: number, goal?: Goal): Figure => ({
    name: `${name} ${which}`,
    value,
    unit: 'ms',
    ...(goal === undefined ? {} : { goal }),
  });
  return [
    figure('p50', quantile(samplesMs, 0.5), goals.p50),
    figure('p99', quantile(samplesMs, 0.99), goals.p99),
    figure('max', quantile(samplesMs, 1)),
  ];
}

/** The value below which a share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
