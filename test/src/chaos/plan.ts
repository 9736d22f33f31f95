/**
 * The schedule of one run: every call and every fault, with its time, made from the seed before anything starts. The
 * same seed and size give the same schedule, so that a run can be repeated.
 */
import { seededRandom, type Random } from './random.js';

/** What is asked for: about a machine or its data disk by a tenant, or on its behalf by the administrator. */
export type Action =
  | 'deploy'
  | 'start'
  | 'stop'
  | 'reboot'
  | 'destroy'
  | 'expunge'
  | 'cancel'
  | 'make-disk'
  | 'attach'
  | 'detach'
  | 'migrate'
  | 'migrate-volume'
  | HostAction;

/** What the administrator asks for about a host: that it is emptied, and used again. */
export type HostAction = 'drain' | 'use';

/** One call, about the machine in one of a tenant's slots, or about a host. */
export interface PlannedCall {
  readonly index: number;
  readonly atMs: number;
  /** From 0. */
  readonly tenant: number;
  /** The tenant's machine, or for a {@link HostAction} the host, from 0. */
  readonly slot: number;
  readonly action: Action;
  /** Whether the guest is not asked. */
  readonly forced: boolean;
  /** `signed`: tried once. `keyed`: repeated under an Idempotency-Key until it is answered. */
  readonly face: 'signed' | 'keyed';
}

/** A process that can be killed and paused. */
export type ProcessName =
  'api' | 'worker' | 'worker-2' | 'temporal' | 'mariadb' | `${'agent' | 'libvirtd'}${'' | `-${number}`}`;
/** A host that can lose its power. */
export type HostName = `host-${number}`;
/** What can be struck. */
export type PartName = ProcessName | HostName;

interface Timed {
  readonly index: number;
  readonly atMs: number;
  readonly lastsMs: number;
}
/** What goes wrong, and for how long. */
export type PlannedFault =
  | (Timed & { readonly kind: 'kill' | 'pause' | 'power'; readonly parts: readonly PartName[] })
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
  readonly processes: readonly ProcessName[];
  /** What may lose its power. */
  readonly hosts: readonly HostName[];
  /** Whether machines move, have data disks, and hosts are emptied. */
  readonly moves: boolean;
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
/** Besides these, where machines move; `attach` stands for what comes next for its data disk. */
const MOVES: Readonly<Record<Expected, readonly (readonly [number, Action])[]>> = {
  absent: [],
  running: [
    [4, 'migrate'],
    [3, 'migrate-volume'],
    [3, 'attach'],
  ],
  stopped: [
    [2, 'migrate-volume'],
    [2, 'attach'],
  ],
  destroyed: [],
};
const AFTER: Readonly<Partial<Record<Action, Expected>>> = {
  deploy: 'running',
  start: 'running',
  stop: 'stopped',
  reboot: 'running',
  destroy: 'destroyed',
  expunge: 'absent',
};
const CANCEL_SHARE = 0.07;
/** Calls that come right behind another one about the same machine, before that can have ended. */
const CONFLICT_SHARE = 0.12;
const SAME_MOMENT_MS = 30;
/** Calls before which the administrator begins to empty a host, or ends that. */
const MAINTENANCE_SHARE = 0.07;

/** Makes the schedule. */
export function makePlan(options: PlanOptions): ChaosPlan {
  const random = seededRandom(options.seed);
  const calls = planCalls(options, random.fork());
  const durationMs = calls[calls.length - 1]?.atMs ?? 0;
  return { seed: options.seed, durationMs, calls, faults: planFaults(options, durationMs, random.fork()) };
}

function planCalls(options: PlanOptions, random: Random): PlannedCall[] {
  const { operations, tenants, slotsPerTenant, moves } = options;
  const slots = new ExpectedSlots(moves);
  const calls: PlannedCall[] = [];
  const meanGapMs = 1_000 / options.callsPerSecond;
  let atMs = 0;
  let drained: number | undefined;
  const add = (tenant: number, slot: number, action: Action): void => {
    if (calls.length >= operations) return;
    const forced = random.chance(options.forcedShare);
    const face = random.chance(0.5) ? ('keyed' as const) : ('signed' as const);
    calls.push({ index: calls.length, atMs: Math.round(atMs), tenant, slot, action, forced, face });
  };
  while (calls.length < operations) {
    const tenant = random.int(0, tenants - 1);
    const slot = random.int(0, slotsPerTenant - 1);
    for (const action of slots.next(tenant, slot, random)) add(tenant, slot, action);
    if (calls.length < operations && random.chance(CONFLICT_SHARE)) {
      atMs += random.int(0, SAME_MOMENT_MS);
      for (const action of slots.next(tenant, slot, random)) add(tenant, slot, action);
    }
    if (calls.length < operations && random.chance(CANCEL_SHARE)) {
      atMs += random.int(0, 10 * SAME_MOMENT_MS);
      add(tenant, slot, 'cancel');
    }
    if (moves && random.chance(MAINTENANCE_SHARE)) {
      const host = drained ?? random.int(0, options.hosts.length - 1);
      add(tenant, host, drained === undefined ? 'drain' : 'use');
      drained = drained === undefined ? host : undefined;
    }
    // Exponential gaps: as many clients that know nothing of each other.
    atMs += Math.min(-Math.log(1 - random.next()), 4) * meanGapMs;
  }
  return calls;
}

/** What stands in every slot if all goes well. */
class ExpectedSlots {
  private readonly machines = new Map<string, Expected>();
  private readonly disks = new Map<string, 'detached' | 'attached'>();

  constructor(private readonly moves: boolean) {}

  /** Something that can be asked of a slot now; what makes a disk is followed by what uses it. */
  next(tenant: number, slot: number, random: Random): readonly Action[] {
    const key = `${tenant}/${slot}`;
    const now = this.machines.get(key) ?? 'absent';
    const action = random.pick(this.moves ? [...NEXT[now], ...MOVES[now]] : NEXT[now]);
    if (action === 'attach') return this.nextOfDisk(key);
    this.machines.set(key, AFTER[action] ?? now);
    if (action === 'expunge' && this.disks.has(key)) this.disks.set(key, 'detached');
    return [action];
  }

  private nextOfDisk(key: string): readonly Action[] {
    const now = this.disks.get(key);
    this.disks.set(key, now === 'attached' ? 'detached' : 'attached');
    if (now === undefined) return ['make-disk', 'attach'];
    return [now === 'attached' ? 'detach' : 'attach'];
  }
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
  const { processes, hosts } = options;
  const kind = random.pick<PlannedFault['kind']>([
    [6, 'kill'],
    [3, 'pause'],
    ...(hosts.length > 0 ? ([[6, 'power']] as const) : []),
    ...(options.networkFaults
      ? ([
          [2, 'drop'],
          [2, 'delay'],
        ] as const)
      : []),
  ]);
  switch (kind) {
    case 'kill': {
      const count = random.pick([
        [6, 1],
        [3, 2],
        [1, processes.length],
      ]);
      return { ...at, kind, lastsMs: random.int(50, 3_000), parts: someParts(processes, count, random) };
    }
    case 'pause': {
      // The long ones outlast every lease and heartbeat: who wakes up from them must find that it was replaced.
      const lastsMs = random.chance(0.25) ? random.int(6_000, 9_000) : random.int(200, 3_000);
      return { ...at, kind, lastsMs, parts: someParts(processes, 1, random) };
    }
    case 'power': {
      // Half of the time too short to be missed before it is back, half of the time for good as far as HA can tell.
      const lastsMs = random.chance(0.5) ? random.int(100, 5_000) : random.int(30_000, 45_000);
      return { ...at, kind, lastsMs, parts: someParts(hosts, 1, random) };
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

function someParts<T extends PartName>(parts: readonly T[], count: number, random: Random): T[] {
  const left = [...parts];
  const chosen: T[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(random.int(0, left.length - 1), 1));
  return chosen;
}
