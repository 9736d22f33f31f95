/** What a run came to, for people and for programs. */
import { recoveries, successOf, type Evidence, type Violation } from './judge.js';
import type { Fault } from './injector.js';
import type { OperationFacts } from './operations.js';
import type { ChaosPlan } from './plan.js';

/** How a run was asked for. */
export interface RunWishes {
  readonly operations: number;
  readonly seed: number;
  readonly hosts: 'simulator' | 'libvirt' | 'lab';
}

/** What `--json` prints. */
export interface ChaosReport extends RunWishes {
  readonly ok: boolean;
  readonly seconds: number;
  /** Calls by what became of them. */
  readonly calls: Readonly<Record<string, number>>;
  /** Faults by kind, and times that each part was killed or paused. */
  readonly faults: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<string, number>>;
  /** Planned ones for which there was no time, because parts took long to start. */
  readonly faultsLeftOut: number;
  /** Operations by command, then by how they ended. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Why operations failed, and how many for that reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly success: { readonly meant: number; readonly succeeded: number; readonly percent: number };
  /** Milliseconds from when everything was back to the end of the operation. */
  readonly recovery: {
    readonly p50Ms: number;
    readonly p99Ms: number;
    readonly longestMs: number;
    readonly longest?: { readonly operation: OperationFacts; readonly after: string };
  };
  /** Starts of machines on hosts, each of which was judged. */
  readonly starts: number;
  readonly violations: readonly Violation[];
  /** Repeats the same schedule. */
  readonly replay: string;
}

/** Puts it together. */
export function makeReport(
  wishes: RunWishes,
  { plan, seconds }: { plan: ChaosPlan; seconds: number },
  { evidence, violations }: { evidence: Evidence; violations: readonly Violation[] },
): ChaosReport {
  const { meant, succeeded } = successOf(evidence.operations);
  const sorted = recoveries(evidence);
  const [longest] = sorted;
  const at = (share: number) => sorted[Math.floor(sorted.length * (1 - share))]?.ms ?? 0;
  const outcomes: Record<string, Record<string, number>> = {};
  for (const { kind, state, errorCode } of evidence.operations) {
    const end = state === 'failed' ? `failed ${errorCode ?? ''}`.trim() : state;
    const counts = (outcomes[kind] ??= {});
    counts[end] = (counts[end] ?? 0) + 1;
  }
  return {
    ok: violations.length === 0,
    ...wishes,
    seconds: Math.round(seconds * 10) / 10,
    calls: count([...evidence.calls.values()].flat().map(({ kind }) => kind)),
    faults: count(evidence.outages.map(({ fault }) => fault.kind)),
    struck: count(evidence.outages.flatMap(({ fault }) => ('parts' in fault ? fault.parts : []))),
    faultsLeftOut: plan.faults.length - evidence.outages.filter(({ fault }) => fault.kind !== 'fenced').length,
    outcomes,
    failures: count(
      evidence.operations.flatMap(({ kind, state, errorMessage }) =>
        state === 'failed' ? [`${kind}: ${errorMessage ?? 'no reason'}`] : [],
      ),
    ),
    success: { meant, succeeded, percent: meant === 0 ? 100 : Math.round((1000 * succeeded) / meant) / 10 },
    recovery: {
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      longestMs: longest?.ms ?? 0,
      ...(longest ? { longest: { operation: longest.operation, after: describe(longest.after?.fault) } } : {}),
    },
    starts: evidence.effects.starts,
    violations,
    replay: `./dura chaos --operations ${wishes.operations} --seed ${wishes.seed} --${wishes.hosts}`,
  };
}

function describe(fault: Fault | undefined): string {
  if (fault === undefined) return 'no fault';
  if (fault.kind === 'fenced') return `${fault.parts.join(', ')} was fenced`;
  const what = 'parts' in fault ? fault.parts.join(', ') : `calls to agents, at their ${fault.point}`;
  return `fault ${fault.index}: ${fault.kind} of ${what} for ${fault.lastsMs} ms`;
}

function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** The report as lines for people. */
export function render(report: ChaosReport): string[] {
  const { success, recovery } = report;
  const words = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ');
  return [
    `Chaos on ${report.hosts}, seed ${report.seed}: ${report.operations} calls in ${report.seconds} s`,
    `  calls       ${words(report.calls)}`,
    `  faults      ${words(report.faults)}; ${report.faultsLeftOut} left out`,
    `  struck      ${words(report.struck)}`,
    ...Object.entries(report.outcomes).map(([kind, ends]) => `  ${kind.padEnd(24)} ${words(ends)}`),
    ...Object.entries(report.failures).map(([why, number]) => `  failed      ${number} x ${why}`),
    `  success     ${success.succeeded} of ${success.meant} (${success.percent} %)`,
    `  recovery    p50 ${recovery.p50Ms} ms, p99 ${recovery.p99Ms} ms, longest ${recovery.longestMs} ms${
      recovery.longest ? ` (${recovery.longest.operation.kind} after ${recovery.longest.after})` : ''
    }`,
    `  on hosts    ${report.starts} starts of machines`,
    ...report.violations.flatMap(({ promise, what, operations = [] }) => [
      `BROKEN: ${promise}: ${what}`,
      ...operations.slice(0, 20).map((operation) => `    ${JSON.stringify(operation)}`),
    ]),
    report.ok ? 'Every promise was kept.' : `${report.violations.length} broken. Repeat it by: ${report.replay}`,
  ];
}
