/**
 * How many calls of this worker are on their way to which host, and which hosts do not answer.
 *
 * A host that hangs must not take what others need: once it has been silent for a while it is only asked again now
 * and then, and all silent hosts together hold a bounded number of calls. Nothing else follows from silence.
 */
import { DurastackError } from '@durastack/contracts/errors';

/** Calls to one host at the same time; the next waits for its turn. */
const PER_HOST = 8;
/** It waits here for so long, and then by being retried: a crowd on a healthy host has its turn in no time. */
const TURN_WITHIN_MS = 2_000;
/** A call that has been under way for so long waits, whatever for. */
const STALLED_AFTER_MS = 500;
/** A host with a call under way for so long, and no answer to any other meanwhile, counts as silent. */
const SILENT_AFTER_MS = 5_000;
/** A silent host is asked anew so often, while earlier calls still wait for it. */
const ASK_AGAIN_MS = 3_000;
const PER_SILENT_HOST = 3;
/** Calls to all silent hosts together. */
const TO_SILENT_HOSTS = 300;
/** What is known of a host that is not called is forgotten after this. */
const FORGET_MS = 10 * 60_000;

interface HostState {
  /** When each call under way began, the oldest first. */
  readonly under: Set<{ readonly beganMs: number }>;
  /** Those that wait for their turn, the first first. */
  readonly queue: Set<() => void>;
  answeredMs: number;
  /** Set while the last thing known is that it could not be reached. */
  unreachable: boolean;
  lastBeganMs: number;
}

/** See the module's head. Times are of one monotonic clock, in milliseconds. */
export class HostCalls {
  private readonly hosts = new Map<string, HostState>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Makes a call.
   *
   * @param answered whether an error is an answer of the host, as opposed to none
   * @throws DurastackError BACKEND_BUSY when it is not this call's turn; whatever `body` throws
   */
  async run<T>(hostId: string, body: () => Promise<T>, answered: (error: unknown) => boolean): Promise<T> {
    const state = this.stateOf(hostId);
    if (state.under.size >= PER_HOST && !this.isSilent(state)) await waitForTurn(state);
    this.refuseOutOfTurn(hostId, state);
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
      if (answered(error)) heard();
      else state.unreachable = true;
      throw error;
    } finally {
      state.under.delete(call);
      const [next] = state.queue;
      next?.();
    }
  }

  /** How many calls have been under way for a while; of them, those to hosts that do not count as silent yet. */
  stalled(): { readonly all: number; readonly elsewhere: number } {
    let [all, elsewhere] = [0, 0];
    for (const state of this.hosts.values()) {
      let calls = 0;
      for (const { beganMs } of state.under) if (this.now() - beganMs > STALLED_AFTER_MS) calls += 1;
      all += calls;
      if (!this.isSilent(state)) elsewhere += calls;
    }
    return { all, elsewhere };
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

  private refuseOutOfTurn(hostId: string, state: HostState): void {
    const count = state.under.size;
    if (count >= PER_HOST)
      throw new DurastackError('BACKEND_BUSY', `Host ${hostId} has ${count} calls under way; waiting for a turn.`);
    if (!this.isSilent(state)) return;
    const early = count > 0 && this.now() - state.lastBeganMs < ASK_AGAIN_MS;
    if (early || count >= PER_SILENT_HOST || this.toSilentHosts() >= TO_SILENT_HOSTS)
      throw new DurastackError('BACKEND_BUSY', `Host ${hostId} does not answer; it is asked again in a while.`);
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

/** Resolves when a call has ended that leaves its place to this one, or when it has waited long enough. */
function waitForTurn({ queue }: HostState): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      queue.delete(go);
      resolve();
    };
    const timer = setTimeout(go, TURN_WITHIN_MS);
    queue.add(go);
  });
}
