/**
 * The schedule of one run: every call and every fault, with its time, made from the seed before anything starts. The
 * same seed and size give the same schedule, so that a run can be repeated.
 */
import { seededRandom, type Random } from './random.js';

/** What a tenant asks for. */
export type Action = 'deploy' | 'start' | 'stop' | 'reboot' | 'destroy' | 'expunge' | 'cancel';

/** One call by a tenant, about the machine in one of its slots. */
export interface PlannedCall {
  readonly index: number;
  readonly atMs: number;
  /** From 0. */
  readonly tenant: number;
  /** The tenant's machine, from 0. */
  readonly slot: number;
  readonly action: Action;
  /** Whether the guest is not asked. */
  readonly forced: boolean;
  /** `signed`: tried once. `keyed`: repeated under an Idempotency-Key until it is answered. */
  readonly face: 'signed' | 'keyed';
}

/** A process that can be killed and paused. */
export type PartName = 'api' | 'worker' | 'worker-2' | 'agent' | 'temporal' | 'mariadb' | 'libvirtd';

interface Timed {
  readonly index: number;
  readonly atMs: number;
  readonly lastsMs: number;
}
/** What goes wrong, and for how long. */
export type PlannedFault =
  | (Timed & { readonly kind: 'kill' | 'pause'; readonly parts: readonly PartName[] })
  | (Timed & {
      readonly kind: 'drop' | 'delay';
      /** On the way to the agent, or on the way back: after the effect. */
      readonly point: 'arrival' | 'reply';
      /** Of each delayed call. */
      readonly delayMs: number;
    });

/** How large a run is, and of what. */
export interface PlanOptions {
  readonly seed: number;
  readonly operations: number;
  readonly tenants: number;
  readonly slotsPerTenant: number;
  readonly callsPerSecond: number;
  /** What may be killed or paused. */
  readonly parts: readonly PartName[];
  /** Whether replies of agents can be dropped and delayed here. */
  readonly networkFaults: boolean;
  /** Between the beginnings of two faults. */
  readonly faultGapMs: readonly [least: number, most: number];
  /** Share of stops and reboots that do not ask the guest. */
  readonly forcedShare: number;
}

/** See the module's head. */
export interface ChaosPlan {
  readonly seed: number;
  /** When the last call is made. */
  readonly durationMs: number;
  readonly calls: readonly PlannedCall[];
  readonly faults: readonly PlannedFault[];
}

/** A slot as it will be if all goes well. */
type Expected = 'absent' | 'running' | 'stopped' | 'destroyed';

const NEXT: Readonly<Record<Expected, readonly (readonly [number, Action])[]>> = {
  absent: [[1, 'deploy']],
  running: [
    [5, 'stop'],
    [4, 'reboot'],
    [2, 'expunge'],
    [1, 'destroy'],
  ],
  stopped: [
    [8, 'start'],
    [1, 'expunge'],
    [1, 'destroy'],
  ],
  destroyed: [[1, 'expunge']],
};
const AFTER: Readonly<Record<Action, Expected | undefined>> = {
  deploy: 'running',
  start: 'running',
  stop: 'stopped',
  reboot: 'running',
  destroy: 'destroyed',
  expunge: 'absent',
  cancel: undefined,
};
const CANCEL_SHARE = 0.07;
/** Calls that come right behind another one about the same machine, before that can have ended. */
const CONFLICT_SHARE = 0.12;
const SAME_MOMENT_MS = 30;

/** Makes the schedule. */
export function makePlan(options: PlanOptions): ChaosPlan {
  const random = seededRandom(options.seed);
  const calls = planCalls(options, random.fork());
  const durationMs = calls[calls.length - 1]?.atMs ?? 0;
  return { seed: options.seed, durationMs, calls, faults: planFaults(options, durationMs, random.fork()) };
}

function planCalls(options: PlanOptions, random: Random): PlannedCall[] {
  const { operations, tenants, slotsPerTenant } = options;
  const expected = new Map<string, Expected>();
  const calls: PlannedCall[] = [];
  const meanGapMs = 1_000 / options.callsPerSecond;
  let atMs = 0;
  const add = (tenant: number, slot: number, action: Action): void => {
    const key = `${tenant}/${slot}`;
    expected.set(key, AFTER[action] ?? expected.get(key) ?? 'absent');
    const forced = random.chance(options.forcedShare);
    const face = random.chance(0.5) ? ('keyed' as const) : ('signed' as const);
    calls.push({ index: calls.length, atMs: Math.round(atMs), tenant, slot, action, forced, face });
  };
  while (calls.length < operations) {
    const tenant = random.int(0, tenants - 1);
    const slot = random.int(0, slotsPerTenant - 1);
    const key = `${tenant}/${slot}`;
    add(tenant, slot, random.pick(NEXT[expected.get(key) ?? 'absent']));
    if (calls.length < operations && random.chance(CONFLICT_SHARE)) {
      atMs += random.int(0, SAME_MOMENT_MS);
      add(tenant, slot, random.pick(NEXT[expected.get(key) ?? 'absent']));
    }
    if (calls.length < operations && random.chance(CANCEL_SHARE)) {
      atMs += random.int(0, 10 * SAME_MOMENT_MS);
      add(tenant, slot, 'cancel');
    }
    // Exponential gaps: as many clients that know nothing of each other.
    atMs += Math.min(-Math.log(1 - random.next()), 4) * meanGapMs;
  }
  return calls;
}

/** Time that a part is left alone after a fault, so that its restart is not itself always shot at. */
const RESPITE_MS = 1_500;

function planFaults(options: PlanOptions, durationMs: number, random: Random): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const busyUntil = new Map<PartName, number>();
  const [least, most] = options.faultGapMs;
  for (let atMs = random.int(least, most); atMs < durationMs; atMs += random.int(least, most)) {
    const fault = planFault(options, { index: faults.length, atMs }, random);
    if (!('parts' in fault)) {
      faults.push(fault);
      continue;
    }
    const parts = fault.parts.filter((part) => (busyUntil.get(part) ?? 0) <= atMs);
    for (const part of parts) busyUntil.set(part, atMs + fault.lastsMs + RESPITE_MS);
    if (parts.length > 0) faults.push({ ...fault, parts });
  }
  return faults;
}

function planFault(options: PlanOptions, at: { index: number; atMs: number }, random: Random): PlannedFault {
  const kind = random.pick<PlannedFault['kind']>([
    [6, 'kill'],
    [3, 'pause'],
    ...(options.networkFaults ? ([[2, 'drop'] as const, [2, 'delay'] as const] as const) : []),
  ]);
  switch (kind) {
    case 'kill': {
      const count = random.pick([
        [6, 1],
        [3, 2],
        [1, options.parts.length],
      ]);
      return { ...at, kind, lastsMs: random.int(50, 3_000), parts: someParts(options.parts, count, random) };
    }
    case 'pause': {
      // The long ones outlast every lease and heartbeat: who wakes up from them must find that it was replaced.
      const lastsMs = random.chance(0.25) ? random.int(6_000, 9_000) : random.int(200, 3_000);
      return { ...at, kind, lastsMs, parts: someParts(options.parts, 1, random) };
    }
    case 'drop':
    case 'delay':
      return {
        ...at,
        kind,
        lastsMs: random.int(500, 4_000),
        point: random.chance(0.5) ? 'arrival' : 'reply',
        delayMs: random.int(100, 3_000),
      };
  }
}

function someParts(parts: readonly PartName[], count: number, random: Random): PartName[] {
  const left = [...parts];
  const chosen: PartName[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(random.int(0, left.length - 1), 1));
  return chosen;
}
