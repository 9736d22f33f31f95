/** One run: makes the schedule, carries it out on a cloud of its own, judges. */
import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose } from '@durastack/activities/doctor/diagnose';
import { asDurastackError } from '@durastack/contracts/errors';
import { Client, Connection } from '@temporalio/client';
import { findDrift } from './counts.js';
import { judgeEffects } from './effects.js';
import { Injector, type Outage } from './injector.js';
import { judge, RECOVERY_LIMIT_MS, type Evidence } from './judge.js';
import { countOpen, readLastSeq, readOperations, readRepeatedNames } from './operations.js';
import { makePlan, type ChaosPlan, type HostName, type PartName, type PlanOptions, type ProcessName } from './plan.js';
import { makeReport, type ChaosReport, type RunWishes } from './report.js';
import type { CallOutcome } from './calls.js';
import { Operator } from './operator.js';
import { Tenant } from './tenant.js';
import type { ChaosWorld } from './world.js';

/** Calls whose replies are still waited for; more would only queue up in this process. */
const MOST_UNANSWERED = 200;
const PROGRESS_MS = 10_000;
/** Under whose name calls stand that are no tenant's. */
const ADMINISTRATOR = 'administrator';
const LOOK_MS = 100;
/** Facts seen on hosts reach the database by heartbeats; host and drift watches need some of them. */
const AGREE_WITHIN_MS = 20_000;

/** Sizes of a run that the wishes leave open. */
export type RunShape = Omit<PlanOptions, 'seed' | 'operations' | 'processes' | 'hosts' | 'networkFaults' | 'moves'>;

/** Carries out a run on a world, which it does not end. */
export async function runChaos(
  world: ChaosWorld,
  { wishes, shape }: { wishes: RunWishes; shape: RunShape },
  progress: (line: string) => void,
): Promise<ChaosReport> {
  const plan = makePlan({
    ...shape,
    ...wishes,
    processes: [...world.parts.keys()].filter(isProcess),
    hosts: [...world.parts.keys()].filter(isHost),
    moves: world.moves !== undefined,
    networkFaults: world.disturb !== undefined,
  });
  // On a cloud that others use too there may be some of an earlier run.
  const suffix = Date.now().toString(36);
  const tenants = await Promise.all(
    Array.from({ length: shape.tenants }, (_, index) => Tenant.create(world, `tenant-${index + 1}-${suffix}`)),
  );
  const operator = new Operator(world);
  const lastSeq = await readLastSeq(world.source);
  const startedAt = performance.now();
  const injector = new Injector(world);
  let calls: ReadonlyMap<string, readonly CallOutcome[]>;
  try {
    const calling = callAll(plan, { tenants, operator }, progress);
    const faults = injector.run(plan.faults, calling);
    calls = await calling;
    await faults;
    await injector.settle();
    await operator.settle();
    progress(`all ${plan.calls.length} calls made, everything is back; waiting for the last operations`);
    await untilNoneOpen(world, injector);
  } finally {
    await injector.stop();
  }
  const accountIds = tenants.map(({ accountId }) => accountId);
  const readAt = Date.now();
  const operations = await readOperations(world.source, lastSeq);
  const evidence: Evidence = {
    operations,
    outages: injector.outages,
    calls,
    repeatedNames: await readRepeatedNames(world.source, accountIds),
    crashes: injector.crashes,
    guests: (await world.lookAtGuests?.(accountIds)) ?? [],
    findings: await untilAgreed(world),
    drift: await findDrift(world, accountIds),
    effects: await judgeEffects(await world.effects(), { operations, readAt }, deathsAmong(injector.outages)),
    judgedAt: Date.now(),
  };
  const violations = judge(evidence);
  return makeReport(wishes, { plan, seconds: (performance.now() - startedAt) / 1000 }, { evidence, violations });
}

const isHost = (name: PartName): name is HostName => name.startsWith('host-');

const isProcess = (name: PartName): name is ProcessName => !isHost(name);

/**
 * Moments at which hosts lost what they had just started: with their power, or as their libvirtd died in the middle, of
 * whose starts the next one undoes what was not complete.
 */
function deathsAmong(outages: readonly Outage[]): number[] {
  const ends = ({ fault }: Outage) =>
    fault.kind === 'power' ||
    fault.kind === 'fenced' ||
    (fault.kind === 'kill' && fault.parts.some((part) => part.startsWith('libvirtd')));
  return outages.filter(ends).map(({ from }) => from);
}

async function callAll(
  plan: ChaosPlan,
  { tenants, operator }: { readonly tenants: readonly Tenant[]; readonly operator: Operator },
  progress: (line: string) => void,
): Promise<Map<string, CallOutcome[]>> {
  const outcomes = new Map(
    [...tenants.map(({ accountId }) => accountId), ADMINISTRATOR].map((by) => [by, [] as CallOutcome[]]),
  );
  const unanswered = new Set<Promise<void>>();
  const startedAt = performance.now();
  let told = startedAt;
  for (const call of plan.calls) {
    await sleep(Math.max(0, startedAt + call.atMs - performance.now()));
    while (unanswered.size >= MOST_UNANSWERED) await Promise.race(unanswered);
    const isOfHost = call.action === 'drain' || call.action === 'use';
    const tenant = tenants[call.tenant]!;
    const giveUpAt = startedAt + plan.durationMs + 2 * RECOVERY_LIMIT_MS;
    const done: Promise<void> = (isOfHost ? operator : tenant)
      .perform(call, giveUpAt)
      .then((outcome) => void outcomes.get(isOfHost ? ADMINISTRATOR : tenant.accountId)!.push(outcome))
      .finally(() => unanswered.delete(done));
    unanswered.add(done);
    if (performance.now() - told >= PROGRESS_MS) {
      told = performance.now();
      const seconds = Math.round((told - startedAt) / 1000);
      progress(`${seconds} s: ${call.index + 1} of ${plan.calls.length} calls made, ${unanswered.size} unanswered`);
    }
  }
  await Promise.all(unanswered);
  return outcomes;
}

/** Looks until all have ended, and a little longer than they may take once everything is back. */
async function untilNoneOpen(world: ChaosWorld, injector: Injector): Promise<void> {
  let until = performance.now() + RECOVERY_LIMIT_MS + 5_000;
  while (performance.now() < until && (await countOpen(world.source)) > 0) {
    // HA may only now have found a host dead that had been away.
    if (injector.isDown) until = performance.now() + RECOVERY_LIMIT_MS + 5_000;
    await sleep(LOOK_MS);
  }
  await injector.settle();
}

async function untilAgreed(world: ChaosWorld): Promise<string[]> {
  const until = performance.now() + AGREE_WITHIN_MS;
  for (;;) {
    let findings: string[];
    try {
      findings = await askDoctor(world);
    } catch (error) {
      findings = [`they cannot be compared: ${asDurastackError(error).message}`];
    }
    if (findings.length === 0 || performance.now() > until) return findings;
    await sleep(10 * LOOK_MS);
  }
}

async function askDoctor({ source, agents, temporalAddress }: ChaosWorld): Promise<string[]> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const findings = await diagnose({ source, agents: { client: agents }, temporal: new Client({ connection }) });
    return findings.map(({ kind, what }) => `${kind}: ${what}`);
  } finally {
    await connection.close();
  }
}
