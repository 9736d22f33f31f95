/** Marks hosts that have fallen silent as disconnected. Nothing else follows from silence: machines are not touched. */
import type { Logger } from '@durastack/kit/log/logger';
import { listen, NOT_LISTENING, silenceCounts, type Listening } from '@durastack/model/infra/silence';
import { transaction } from '@durastack/store/database/transaction';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { DataSource } from 'typeorm';

/** Name of the lease that every heartbeat intake renews while it writes heartbeats down. */
export const INTAKE_LEASE = 'intake';
const LONGEST_ROUND_MS = 3_000;
/** Heartbeats that may be lost before their sender counts as silent. */
const MISSED = 3;

/** A detector; call it about every second. */
export interface HostWatch {
  round(): Promise<void>;
}

/**
 * Makes one.
 *
 * @param intervalMs how often hosts send heartbeats
 */
export function createHostWatch({
  source,
  log,
  intervalMs,
}: {
  source: DataSource;
  log: Logger;
  intervalMs: number;
}): HostWatch {
  const windowMs = Math.max(MISSED * intervalMs, 5_000);
  let listening: Listening = NOT_LISTENING;
  return {
    async round() {
      const intake = await transaction(source, (tx) =>
        tx.query('SELECT 1 FROM lease WHERE name = ? AND expires_at >= NOW(3)', [INTAKE_LEASE]),
      );
      const nowMs = performance.now();
      listening = listen(listening, { nowMs, intakeHealthy: intake.length > 0, longestRoundMs: LONGEST_ROUND_MS });
      if (!silenceCounts(listening, nowMs, windowMs)) return;
      const silent = await transaction(source, (tx) =>
        tx.query<{ id: string; name: string }>(
          "SELECT id, name FROM host WHERE state = 'Up' AND last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND LIMIT 500",
          [windowMs * 1_000],
        ),
      );
      for (const { id, name } of silent) {
        const missed = await transaction(source, async (tx) => {
          const [row] = await tx.query(
            'SELECT 1 FROM host WHERE id = ? AND last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND FOR UPDATE',
            [id, windowMs * 1_000],
          );
          return row !== undefined && transitionIfAllowed(tx, { type: 'host', id }, 'HeartbeatMissed');
        });
        if (missed) log.warn({ hostId: id, name, windowMs }, 'a host has fallen silent');
      }
    },
  };
}
