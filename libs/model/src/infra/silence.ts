/**
 * When a host's silence counts. Pure, over the detector's own monotonic clock.
 *
 * Silence says something about a host only while heartbeats of others could have been heard: after a start, a
 * stall of the detector or a gap of the intake, one whole window passes first.
 */

/** What the detector remembers between rounds. */
export interface Listening {
  /** Since when heartbeats could be heard without a gap; undefined: not at present. */
  readonly sinceMs: number | undefined;
  /** The last round. */
  readonly roundMs: number | undefined;
}

/** What a round finds. */
export interface ListeningRound {
  readonly nowMs: number;
  /** Whether an intake was writing heartbeats down just now. */
  readonly intakeHealthy: boolean;
  /** A longer pause between rounds is a stall of the detector. */
  readonly longestRoundMs: number;
}

/** Nothing heard yet. */
export const NOT_LISTENING: Listening = { sinceMs: undefined, roundMs: undefined };

/** The next state after a round. */
export function listen(before: Listening, round: ListeningRound): Listening {
  const { nowMs, intakeHealthy, longestRoundMs } = round;
  if (!intakeHealthy) return { sinceMs: undefined, roundMs: nowMs };
  const stalled = before.roundMs === undefined || nowMs - before.roundMs > longestRoundMs;
  return { sinceMs: stalled ? nowMs : (before.sinceMs ?? nowMs), roundMs: nowMs };
}

/** Whether a host that was silent for a whole window may be called disconnected. */
export function silenceCounts(listening: Listening, nowMs: number, windowMs: number): boolean {
  return listening.sinceMs !== undefined && nowMs - listening.sinceMs >= windowMs;
}
