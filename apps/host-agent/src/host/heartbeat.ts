/**
 * What a host reports: that it lives, what it has, and every change of power at once.
 *
 * A report that was lost is made good by a full one. A driver that hangs silences nothing: what it does not answer
 * in time is left out.
 */
import type { HostFacts, ObservedVm } from '@durastack/contracts/agent/specs';
import type { Heartbeat, HeartbeatReply } from '@durastack/contracts/agent/wire';
import type { HostDriver } from '@durastack/drivers/driver';
import type { Logger } from '@durastack/kit/log/logger';
import type { Beat, BeatScheduler } from './beat-scheduler.js';
import type { KnownPools } from './known-pools.js';
import { UseAverages } from './use-averages.js';
import { monotonicMs, type Watchdog } from './watchdog.js';

const FACTS_AGE_MS = 60_000;
const DRIVER_TIMEOUT_MS = 3_000;
/** Changes that come together travel together. */
const CHANGE_DELAY_MS = 50;
/** The part of the interval after which a heartbeat that failed is repeated; twice as much after each further one, up to all of it. */
const RETRY_PART = 1 / 8;

/** What a reporter needs. */
export interface HeartbeatParts {
  readonly hostId: string;
  readonly incarnation: number;
  readonly intervalMs: number;
  readonly driver: HostDriver;
  readonly pools: KnownPools;
  readonly scheduler: BeatScheduler;
  /** The newest token that the host's ledger knows. */
  readonly newest: () => NonNullable<Heartbeat['newest']>;
  /** The hardware watchdog, where there is one to rely on. */
  readonly watchdog?: Watchdog | undefined;
  readonly log: Logger;
  readonly send: (heartbeat: Heartbeat, intervalMs: number) => Promise<HeartbeatReply>;
}

/** See the module's head. One per host. */
export class HeartbeatReporter {
  private readonly changed = new Map<string, ObservedVm>();
  private sequence = 0;
  private wantFull = true;
  /** Heartbeats that failed in a row. */
  private failures = 0;
  private sending: Promise<void> | undefined;
  private stopped = false;
  private intervalMs: number;
  private next: Beat | undefined;
  private facts: { readonly value: HostFacts; readonly readAtMs: number } | undefined;

  private readonly averages: UseAverages;

  constructor(private readonly parts: HeartbeatParts) {
    this.averages = new UseAverages(parts.driver);
    this.intervalMs = parts.intervalMs;
  }

  /** Begins to report, the first time after the delay. */
  start(firstDelayMs = 0): void {
    this.plan(firstDelayMs);
  }

  /** Reports a change of power at once. */
  powerChanged(vm: ObservedVm): void {
    this.changed.set(vm.id, vm);
    this.plan(CHANGE_DELAY_MS);
  }

  /** Ends reporting and waits for a report that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.next?.cancel();
    await this.sending;
  }

  private plan(delayMs: number): void {
    if (this.stopped || this.sending !== undefined) return;
    this.next?.cancel();
    this.next = this.parts.scheduler.schedule(delayMs, () => {
      this.sending = this.beat().finally(() => {
        this.sending = undefined;
        this.plan(this.delayAfterBeat());
      });
    });
  }

  private delayAfterBeat(): number {
    // Soon at first, so that a restarted control plane knows quickly; never more often than was asked for, for long.
    // Not all hosts at the same moments: after an outage of the control plane all of them try again.
    if (this.failures > 0)
      return (
        this.intervalMs * Math.min(1, RETRY_PART * 2 ** Math.min(this.failures - 1, 10)) * (0.5 + Math.random() / 2)
      );
    return this.changed.size > 0 || this.wantFull ? CHANGE_DELAY_MS : this.intervalMs;
  }

  private async beat(): Promise<void> {
    try {
      const heartbeat = await this.collect();
      if (heartbeat === undefined) return;
      const sentAtMs = monotonicMs();
      const reply = await this.parts.send(heartbeat, this.intervalMs);
      this.parts.watchdog?.granted(sentAtMs);
      if (this.failures > 0) this.parts.log.info({ hostId: this.parts.hostId }, 'the control plane answers again');
      this.failures = 0;
      this.intervalMs = reply.intervalMs;
      this.wantFull = reply.wantFull || (this.wantFull && !heartbeat.full);
    } catch (error) {
      if (this.failures === 0) this.parts.log.warn({ error, hostId: this.parts.hostId }, 'heartbeat failed; going on');
      this.failures += 1;
      this.wantFull = true;
      this.averages.lost();
    }
  }

  private async collect(): Promise<Heartbeat | undefined> {
    const { driver, hostId, incarnation, pools } = this.parts;
    const facts = await this.readFacts();
    if (facts === undefined) {
      this.failures += 1;
      return undefined;
    }
    const [usage, sizes, all] = await Promise.all([
      this.inTime('usage', driver.usage()),
      this.inTime('pools', pools.measure()),
      this.wantFull ? this.inTime('observe', driver.observe()) : undefined,
    ]);
    const use = await this.inTime('the use of machines', this.averages.next(facts, usage));
    const changes = [...this.changed.values()];
    this.changed.clear();
    this.sequence += 1;
    const watchdog = this.parts.watchdog?.report();
    return {
      hostId,
      incarnation,
      sequence: this.sequence,
      facts,
      full: all !== undefined,
      vms: all === undefined ? changes : [...all],
      newest: this.parts.newest(),
      ...(watchdog === undefined ? {} : { watchdog }),
      ...(usage === undefined ? {} : { usage }),
      ...(use === undefined ? {} : { use }),
      ...(sizes === undefined ? {} : { pools: sizes }),
    };
  }

  private async readFacts(): Promise<HostFacts | undefined> {
    const age = this.facts === undefined ? Infinity : Date.now() - this.facts.readAtMs;
    if (age > FACTS_AGE_MS) {
      const signal = AbortSignal.timeout(DRIVER_TIMEOUT_MS);
      const context = { signal, progress: () => undefined };
      const value = await this.inTime('facts', this.parts.driver.verbs.getFacts({}, context));
      if (value !== undefined) this.facts = { value, readAtMs: Date.now() };
    }
    return this.facts?.value;
  }

  /** What the driver answers in time; otherwise undefined, and a line in the log. */
  private async inTime<T>(what: string, answer: Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), DRIVER_TIMEOUT_MS);
    });
    const failed = (error: unknown): undefined => {
      this.parts.log.warn({ error, what, hostId: this.parts.hostId }, 'the driver cannot tell just now');
      return undefined;
    };
    try {
      return await Promise.race([answer.catch(failed), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}
