/**
 * When a host's silence counts. Pure.
 *
 * Silence says something about a host only while heartbeats of others could have been heard: after a start, a
 * stall of the detector or a gap of the intake, one whole window passes first, and the time for which a heartbeat that
 * was sent before may hang.
 */

/** What the detector remembers between rounds, by its own monotonic clock. */
export interface Watching {
  /** Since when it looks without a stall. */
  readonly sinceMs: number;
  /** The last round. */
  readonly roundMs: number;
}

/**
 * A longer pause between rounds is a stall of the detector. Heartbeats are written down by others meanwhile, so a
 * shorter one, as happens when many hosts die at once, takes little of what a window says.
 *
 * @param windowMs for how long a host has to be silent
 */
function longestRoundMs(windowMs: number): number {
  return Math.max(3_000, windowMs / 5);
}

/**
 * The next state of the detector after a round.
 *
 * @param before undefined: the first round
 * @param windowMs for how long a host has to be silent
 */
export function watch(before: Watching | undefined, nowMs: number, windowMs: number): Watching {
  const stalled = before === undefined || nowMs - before.roundMs > longestRoundMs(windowMs);
  return { sinceMs: stalled ? nowMs : before.sinceMs, roundMs: nowMs };
}

/**
 * Whether a host that was silent for a whole window may be called disconnected.
 *
 * @param intakeHeldMs for how long heartbeats could be written down without a gap; undefined: not at present
 */
export function silenceCounts(
  { sinceMs, roundMs }: Watching,
  intakeHeldMs: number | undefined,
  { windowMs, hangMs }: { readonly windowMs: number; readonly hangMs: number },
): boolean {
  const neededMs = windowMs + hangMs;
  return intakeHeldMs !== undefined && intakeHeldMs >= neededMs && roundMs - sinceMs >= neededMs;
}
