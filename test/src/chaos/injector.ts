/** Carries out the faults of a schedule, and keeps what is not meant to be down up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartName, PlannedFault } from './plan.js';
import type { ChaosWorld, Part } from './world.js';

/** A fault of the schedule, or a host that the product itself has switched off. */
export type Fault = PlannedFault | { readonly kind: 'fenced'; readonly parts: readonly PartName[] };

/** A fault as it really was: when it began, and when all that it took was back. Milliseconds since the epoch. */
export interface Outage {
  readonly fault: Fault;
  readonly from: number;
  to: number;
}

const CLOCK_MS = 25;
const WATCH_MS = 500;
const START_AGAIN_MS = 500;
/** A part that cannot be started because another one is down is tried for so long. */
const START_WITHIN_MS = 90_000;

/** See the module's head. */
export class Injector {
  readonly outages: Outage[] = [];
  /** Parts that ended without having been killed, with the end of their logs. */
  readonly crashes: string[] = [];
  private readonly lanes = new Map<string, Promise<void>>();
  /** Parts that faults hold down at this moment. */
  private readonly held = new Set<PartName>();
  /** Parts that are being started. */
  private restarting = 0;
  private watching = true;
  private readonly watch: Promise<void>;
  private failure: unknown;

  constructor(private readonly world: ChaosWorld) {
    this.watch = this.lookAfter();
  }

  /**
   * Carries out a schedule. Its clock stands while parts are being started: on a slow machine a schedule that went on
   * would leave no moment in which everything is up.
   *
   * @param until resolves when no more faults are wanted; those that have not begun by then are left out
   */
  async run(faults: readonly PlannedFault[], until: Promise<unknown>): Promise<void> {
    let wanted = true;
    const end = until.finally(() => (wanted = false));
    let clockMs = 0;
    let lookedAt = performance.now();
    for (const fault of faults) {
      while (wanted && (clockMs < fault.atMs || this.restarting > 0)) {
        await Promise.race([sleep(CLOCK_MS), end]);
        if (this.restarting === 0) clockMs += performance.now() - lookedAt;
        lookedAt = performance.now();
      }
      if (!wanted) return;
      this.begin(fault);
    }
  }

  /** Begins a fault, after those that hold the same parts. Does not wait for it. */
  private begin(fault: PlannedFault): void {
    const lanes = 'parts' in fault ? this.lanesOf(fault.parts) : [`network ${fault.index}`];
    const before = Promise.all(lanes.map((lane) => this.lanes.get(lane) ?? Promise.resolve()));
    const done = before
      .then(() => this.carryOut(fault))
      .catch((error: unknown) => {
        this.failure ??= error;
      });
    for (const lane of lanes) this.lanes.set(lane, done);
  }

  private lanesOf(parts: readonly PartName[]): string[] {
    return [...new Set(parts.flatMap((part) => this.world.lanesOf(part)))];
  }

  /** Waits until all faults are over and everything is back. Throws what went wrong in carrying them out. */
  async settle(): Promise<void> {
    await Promise.all(this.lanes.values());
    if (this.failure !== undefined) throw this.failure;
  }

  /** Whether something is not back at this moment. */
  get isDown(): boolean {
    return this.held.size > 0;
  }

  /** Ends the watch over parts. */
  async stop(): Promise<void> {
    this.watching = false;
    await this.watch;
  }

  private async carryOut(fault: PlannedFault): Promise<void> {
    const outage = this.note(fault);
    if ('parts' in fault) await this.strike(fault, fault.parts);
    else await this.disturb(fault);
    outage.to = Date.now();
  }

  private note(fault: Fault): Outage {
    const outage: Outage = { fault, from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    return outage;
  }

  private async strike(fault: PlannedFault, names: readonly PartName[]): Promise<void> {
    for (const name of names) this.held.add(name);
    const parts = names.map((name) => this.world.parts.get(name)!);
    try {
      if (fault.kind === 'pause') {
        await Promise.all(parts.map((part) => part.pause()));
        await sleep(fault.lastsMs);
        await Promise.all(parts.map((part) => part.resume()));
        return;
      }
      await Promise.all(parts.map((part) => part.kill()));
      await sleep(fault.lastsMs);
      await Promise.all(names.map((name) => this.startUntilItRuns(name)));
    } finally {
      for (const name of names) this.held.delete(name);
    }
  }

  /** As a service manager would: a part whose database is away at its start ends, and is started again. */
  private async startUntilItRuns(name: PartName): Promise<void> {
    const part = this.world.parts.get(name)!;
    const until = Date.now() + START_WITHIN_MS;
    this.restarting += 1;
    try {
      for (;;) {
        try {
          return await part.start();
        } catch (error) {
          if (Date.now() > until) throw error;
          await sleep(START_AGAIN_MS);
        }
      }
    } finally {
      this.restarting -= 1;
    }
  }

  private async disturb(fault: Extract<PlannedFault, { kind: 'drop' | 'delay' }>): Promise<void> {
    const action = fault.kind === 'drop' ? { kind: fault.kind } : { kind: fault.kind, delayMs: fault.delayMs };
    // An agent that is down at this moment cannot be told; it disturbs enough by that.
    const release = await this.world.disturb?.({ point: fault.point, action }).catch(() => undefined);
    await sleep(fault.lastsMs);
    await release?.().catch(() => undefined);
  }

  private async lookAfter(): Promise<void> {
    while (this.watching) {
      await sleep(WATCH_MS);
      for (const [name, part] of this.world.parts) {
        if (this.held.has(name) || (await part.alive()) || this.held.has(name)) continue;
        this.bringBack(name, part);
      }
    }
  }

  /** A part that nobody here has struck: it ended by itself, or the product has switched it off. */
  private bringBack(name: PartName, part: Part): void {
    let outage: Outage | undefined;
    if (part.isFenceable) outage = this.note({ kind: 'fenced', parts: [name] });
    else this.crashes.push(`${name} ended by itself:\n${part.log()}`);
    this.held.add(name);
    const lanes = this.lanesOf([name]);
    const before = Promise.all(lanes.map((lane) => this.lanes.get(lane) ?? Promise.resolve()));
    const back = before
      .then(() => this.startUntilItRuns(name))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.held.delete(name);
        if (outage) outage.to = Date.now();
      });
    for (const lane of lanes) this.lanes.set(lane, back);
  }
}
