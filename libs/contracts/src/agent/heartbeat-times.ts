/** What agents, intake and the detector of silent hosts agree on about the times of heartbeats. */

/** Name of the lease that the heartbeat intake renews while it writes heartbeats down. */
export const INTAKE_LEASE = 'intake';

const SHORTEST_TIMEOUT_MS = 2_000;
const LONGEST_TIMEOUT_MS = 8_000;

/**
 * How long an agent waits for the answer to a heartbeat before it sends the next one: about the interval, or one that
 * hangs would take the place of several.
 */
export function heartbeatTimeoutMs(intervalMs: number): number {
  return Math.min(LONGEST_TIMEOUT_MS, Math.max(SHORTEST_TIMEOUT_MS, intervalMs));
}
