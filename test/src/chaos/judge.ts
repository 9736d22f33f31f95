/** Compares what was promised with what came about. */
import type { CallOutcome } from './calls.js';
import type { Outage } from './injector.js';
import type { OperationFacts } from './operations.js';
import type { JudgedEffects } from './effects.js';

/** An operation has ended so long after everything that it needs is back. */
export const RECOVERY_LIMIT_MS = 60_000;
/** Of the operations that were not cancelled and were possible. */
export const SUCCESS_SHARE = 0.8;

/** A promise that was not kept. */
export interface Violation {
  readonly promise: string;
  readonly what: string;
  readonly operations?: readonly OperationFacts[];
}

/** Everything that was seen. */
export interface Evidence {
  readonly operations: readonly OperationFacts[];
  readonly outages: readonly Outage[];
  /** By account, or `administrator`: what became of its calls. */
  readonly calls: ReadonlyMap<string, readonly CallOutcome[]>;
  readonly repeatedNames: readonly string[];
  readonly crashes: readonly string[];
  /** What database and hosts disagree on after the end. */
  readonly findings: readonly string[];
  /** What is counted otherwise for limits than there is. */
  readonly drift: readonly string[];
  readonly effects: JudgedEffects;
  /** What was seen of machines from outside of the product. */
  readonly guests: readonly string[];
  /** When the run was judged, milliseconds since the epoch. */
  readonly judgedAt: number;
}

/** The longest time that an operation took once everything was back. */
export interface Recovery {
  readonly operation: OperationFacts;
  readonly ms: number;
  readonly after: Outage | undefined;
}

/** Operations that were to succeed, and those that did. */
export interface Success {
  readonly meant: number;
  readonly succeeded: number;
}

/** Says which promises were broken. */
export function judge(evidence: Evidence): Violation[] {
  return [
    ...judgeEndings(evidence),
    ...judgeSuccess(evidence.operations),
    ...judgeAcceptance(evidence),
    ...evidence.effects.found.map((what) => ({ promise: 'nothing happens twice on hosts', what })),
    ...evidence.guests.map((what) => ({ promise: 'no machine runs twice, and none is lost', what })),
    ...evidence.findings.map((what) => ({ promise: 'database and hosts agree at the end', what })),
    ...evidence.drift.map((what) => ({ promise: 'updateResourceCount finds no drift', what })),
    ...evidence.crashes.map((what) => ({ promise: 'no process ends by itself', what })),
  ];
}

function judgeEndings(evidence: Evidence): Violation[] {
  const { operations } = evidence;
  const open = operations.filter(({ state }) => ['queued', 'granted', 'running'].includes(state));
  const stuck = operations.filter(({ state }) => state === 'needs-attention');
  const slow = recoveries(evidence).filter(({ ms, operation }) => ms > RECOVERY_LIMIT_MS && operation.endedAt !== null);
  return [
    ...several('every operation ends within 60 s after what it needs is back', 'are still open', open),
    ...several('no injected fault needs a person', 'need attention', stuck),
    ...several(
      'every operation ends within 60 s after what it needs is back',
      'took longer',
      slow.map(({ operation }) => operation),
    ),
  ];
}

function several(promise: string, what: string, operations: readonly OperationFacts[]): Violation[] {
  return operations.length === 0 ? [] : [{ promise, what: `${operations.length} ${what}`, operations }];
}

/** An operation was to succeed unless it was cancelled, or asked what the machine's state no longer allowed. */
export function successOf(operations: readonly OperationFacts[]): Success {
  const meant = operations.filter(
    ({ state, cancelAsked, errorCode }) =>
      !cancelAsked && state !== 'cancelled' && errorCode !== 'NOT_ALLOWED_IN_STATE',
  );
  return { meant: meant.length, succeeded: meant.filter(({ state }) => state === 'succeeded').length };
}

function judgeSuccess(operations: readonly OperationFacts[]): Violation[] {
  const { meant, succeeded } = successOf(operations);
  if (meant === 0 || succeeded / meant >= SUCCESS_SHARE) return [];
  const failed = operations.filter(({ state }) => state === 'failed');
  const what = `${succeeded} of ${meant} did`;
  return [{ promise: '80 % of what was to succeed succeeds', what, operations: failed.slice(0, 20) }];
}

/** Every accepted call is there once; a lost one at most once; and the API has no faults of its own. */
function judgeAcceptance({ operations, calls, repeatedNames }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const known = new Set(operations.map(({ id }) => id));
  for (const [accountId, outcomes] of calls) {
    const promise = 'what was accepted is there, once';
    const ids = outcomes.flatMap((outcome) =>
      outcome.kind === 'accepted' && outcome.operationId !== undefined ? [outcome.operationId] : [],
    );
    const missing = ids.filter((id) => !known.has(id));
    if (missing.length > 0) violations.push({ promise, what: `without a row: ${missing.join(', ')}` });
    if (new Set(ids).size < ids.length)
      violations.push({ promise, what: `account ${accountId} was given one operation for two calls` });
    const lost = outcomes.filter(({ kind }) => kind === 'lost').length;
    const there = operations.filter((one) => one.accountId === accountId && one.isAsked).length;
    if (there > ids.length + lost)
      violations.push({
        promise,
        what: `account ${accountId} has ${there} operations for ${ids.length} accepted calls and ${lost} unanswered ones`,
      });
  }
  for (const name of repeatedNames)
    violations.push({ promise: 'what was accepted is there, once', what: `two machines were deployed as ${name}` });
  const faults = [...calls.values()].flat().flatMap((outcome) => (outcome.kind === 'fault' ? [outcome.reason] : []));
  for (const reason of new Set(faults)) violations.push({ promise: 'the API has no fault of its own', what: reason });
  return violations;
}

/** How long each operation took after the last outage that it lived through, longest first. */
export function recoveries({ operations, outages, judgedAt }: Evidence): Recovery[] {
  const sorted = [...outages].sort((a, b) => a.from - b.from);
  return operations
    .map((operation): Recovery => {
      const endedAt = operation.endedAt ?? judgedAt;
      const lived = sorted.filter(({ from, to }) => from < endedAt && to > operation.createdAt);
      const after = lived.reduce<Outage | undefined>((last, one) => (last && last.to > one.to ? last : one), undefined);
      const backAt = Math.max(operation.createdAt, after?.to ?? 0);
      return { operation, ms: Math.max(0, endedAt - backAt), after };
    })
    .sort((a, b) => b.ms - a.ms);
}
