/**
 * How many calls of this worker are on their way to which host, and which hosts do not answer.
 *
 * A host that hangs must not take what others need: once it has been silent for a while it is only asked again now
 * and then, and all silent hosts together hold a bounded number of calls. Nothing else follows from silence.
 */
import { DurastackError } from '@durastack/contracts/errors';

/** Calls to one host at the same time; the next waits for its turn. */
const PER_HOST = 8;
/** A call that has been under way for so long waits, whatever for. */
const STALLED_AFTER_MS = 500;
/** A host with a call under way for so long, and no answer to any other meanwhile, counts as silent. */
const SILENT_AFTER_MS = 5_000;
/** A silent host is asked anew so often, while earlier calls still wait for it. */
const ASK_AGAIN_MS = 3_000;
const PER_SILENT_HOST = 3;
/** What a host answered is no news after this. */
const NEWS_MS = 10_000;
/** What waits is woken by the end of any call to its host; this is for what changes by time alone. */
const LOOK_AGAIN_MS = 1_000;
/** Calls to all silent hosts together. */
const TO_SILENT_HOSTS = 300;
/** What is known of a host that is not called is forgotten after this. */
const FORGET_MS = 10 * 60_000;

interface HostState {
  /** When each call under way began, the oldest first. */
  readonly under: Set<{ readonly beganMs: number }>;
  /** Wakes those that wait for their turn or for the host's answer, the first first. */
  readonly queue: Set<() => void>;
  answeredMs: number;
  /** Set while the last thing known is that it could not be reached. */
  unreachable: boolean;
  lastBeganMs: number;
}

/** How a call is made. */
export interface HostCallOptions {
  /** Whether an error is an answer of the host, as opposed to none. */
  readonly answered: (error: unknown) => boolean;
  /**
   * How long it may wait for its turn, milliseconds. Waiting here costs next to nothing; failing and being tried again
   * costs the worker and Temporal's server some CPU each time, which adds up when many hosts hang.
   */
  readonly patienceMs: number;
}

/** See the module's head. Times are of one monotonic clock, in milliseconds. */
export class HostCalls {
  private readonly hosts = new Map<string, HostState>();
  private stopped = false;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Makes a call.
   *
   * @throws DurastackError BACKEND_BUSY when its turn did not come; whatever `body` throws
   */
  async run<T>(hostId: string, body: () => Promise<T>, options: HostCallOptions): Promise<T> {
    const state = this.stateOf(hostId);
    const untilMs = this.now() + options.patienceMs;
    for (let refusal = this.outOfTurn(hostId, state); refusal; refusal = this.outOfTurn(hostId, state)) {
      const leftMs = untilMs - this.now();
      if (this.stopped || leftMs <= 0) throw refusal;
      await wakened(state, Math.min(leftMs, LOOK_AGAIN_MS));
    }
    const call = { beganMs: this.now() };
    state.lastBeganMs = call.beganMs;
    state.under.add(call);
    const heard = (): void => {
      state.answeredMs = this.now();
      state.unreachable = false;
    };
    try {
      const result = await body();
      heard();
      return result;
    } catch (error) {
      if (options.answered(error)) heard();
      else state.unreachable = true;
      throw error;
    } finally {
      state.under.delete(call);
      for (const wake of state.queue) wake();
    }
  }

  /** Ends all waiting: what waits fails at once, and is tried again by another worker. */
  stop(): void {
    this.stopped = true;
    for (const { queue } of this.hosts.values()) for (const wake of queue) wake();
  }

  /** How many calls to hosts that do not count as silent yet have been under way for a while. */
  stalled(): number {
    let calls = 0;
    for (const state of this.hosts.values())
      if (!this.isSilent(state))
        for (const { beganMs } of state.under) if (this.now() - beganMs > STALLED_AFTER_MS) calls += 1;
    return calls;
  }

  /** Hosts that do not answer at present. */
  silent(): Set<string> {
    const silent = new Set<string>();
    for (const [hostId, state] of this.hosts) {
      if (this.isSilent(state)) silent.add(hostId);
      if (state.under.size === 0 && this.now() - state.lastBeganMs > FORGET_MS) this.hosts.delete(hostId);
    }
    return silent;
  }

  /** Hosts that have answered something lately. */
  answering(): Set<string> {
    const answering = new Set<string>();
    for (const [hostId, state] of this.hosts)
      if (this.now() - state.answeredMs < NEWS_MS && !this.isSilent(state)) answering.add(hostId);
    return answering;
  }

  /** Why a call must not be made now; undefined: it may. */
  private outOfTurn(hostId: string, state: HostState): DurastackError | undefined {
    const count = state.under.size;
    if (count >= PER_HOST)
      return new DurastackError('BACKEND_BUSY', `Host ${hostId} has ${count} calls under way; waiting for a turn.`);
    if (!this.isSilent(state)) return undefined;
    const early = count > 0 && this.now() - state.lastBeganMs < ASK_AGAIN_MS;
    if (early || count >= PER_SILENT_HOST || this.toSilentHosts() >= TO_SILENT_HOSTS)
      return new DurastackError('BACKEND_BUSY', `Host ${hostId} does not answer; it is asked again in a while.`);
    return undefined;
  }

  private isSilent({ under, answeredMs, unreachable }: HostState): boolean {
    if (unreachable) return true;
    // In order of their beginnings: the first since the last answer is the one that has waited for longest.
    for (const { beganMs } of under) if (beganMs > answeredMs) return this.now() - beganMs > SILENT_AFTER_MS;
    return false;
  }

  private toSilentHosts(): number {
    let calls = 0;
    for (const state of this.hosts.values()) if (this.isSilent(state)) calls += state.under.size;
    return calls;
  }

  private stateOf(hostId: string): HostState {
    const known = this.hosts.get(hostId);
    if (known) return known;
    const state: HostState = {
      under: new Set(),
      queue: new Set(),
      answeredMs: -Infinity,
      unreachable: false,
      lastBeganMs: -Infinity,
    };
    this.hosts.set(hostId, state);
    return state;
  }
}

/** Resolves when a call to the host has ended, or after this time. */
function wakened({ queue }: HostState, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      queue.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, withinMs);
    queue.add(wake);
  });
}
