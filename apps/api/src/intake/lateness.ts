/** How late a process is with what it has to do, by a timer that should go off at once. */

const EVERY_MS = 100;

/** See the module's head. Measures until it is stopped, and keeps no process alive. */
export class Lateness {
  private expectedAtMs = performance.now() + EVERY_MS;
  private lastMs = 0;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => {
      const nowMs = performance.now();
      this.lastMs = nowMs - this.expectedAtMs;
      this.expectedAtMs = nowMs + EVERY_MS;
    }, EVERY_MS);
    this.timer.unref();
  }

  /** Milliseconds; what was late last counts until something was on time. */
  get ms(): number {
    return Math.max(0, this.lastMs, performance.now() - this.expectedAtMs);
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.timer);
  }
}
