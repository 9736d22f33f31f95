/** One timer for everything that beats, so that thousands of hosts in a process cost one wake-up per tick. */
const TICK_MS = 50;

/** Something that is called once, later. */
export interface Beat {
  /** Takes it back; nothing happens when it was called already. */
  cancel(): void;
}

/** See the module's head. One per process. */
export class BeatScheduler {
  private readonly buckets = new Map<number, Set<() => void>>();
  private readonly timer: NodeJS.Timeout;
  private lastTick = nowTick();

  constructor() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Calls `run` after the delay, to the next tick of {@link TICK_MS}. `run` must not throw. */
  schedule(delayMs: number, run: () => void): Beat {
    const at = Math.max(this.lastTick + 1, nowTick() + Math.ceil(delayMs / TICK_MS));
    const bucket = this.buckets.get(at) ?? new Set();
    // The same function may be scheduled twice for one tick.
    const entry = (): void => run();
    bucket.add(entry);
    this.buckets.set(at, bucket);
    return { cancel: () => void bucket.delete(entry) };
  }

  /** Ends the timer; nothing that is still scheduled is called. */
  stop(): void {
    clearInterval(this.timer);
    this.buckets.clear();
  }

  private tick(): void {
    const now = nowTick();
    for (; this.lastTick < now; this.lastTick += 1) {
      const bucket = this.buckets.get(this.lastTick + 1);
      this.buckets.delete(this.lastTick + 1);
      for (const run of bucket ?? []) run();
    }
  }
}

/** Of the monotonic clock. */
function nowTick(): number {
  return Math.floor(performance.now() / TICK_MS);
}
