/** Marks hosts that have fallen silent as disconnected. Nothing else follows from silence: machines are not touched. */
import { heartbeatTimeoutMs, INTAKE_LEASE } from '@durastack/contracts/agent/heartbeat-times';
import type { Logger } from '@durastack/kit/log/logger';
import { silenceCounts, watch, type Watching } from '@durastack/model/infra/silence';
import { transaction } from '@durastack/store/database/transaction';
import { leaseHeldMs } from '@durastack/store/operations/lease';
import { transitionIfAllowed } from '@durastack/store/operations/state-rows';
import type { DataSource } from 'typeorm';

const LONGEST_ROUND_MS = 3_000;
/** Heartbeats that may be lost before their sender counts as silent. */
const MISSED = 3;

/** For how long a host has to be silent, by the time between two heartbeats. */
export function silenceWindowMs(intervalMs: number): number {
  return Math.max(MISSED * intervalMs, 5_000);
}

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
  const windowMs = silenceWindowMs(intervalMs);
  const times = { windowMs, hangMs: heartbeatTimeoutMs(intervalMs) };
  let watching: Watching | undefined;
  return {
    async round() {
      const heldMs = await transaction(source, (tx) => leaseHeldMs(tx, INTAKE_LEASE));
      watching = watch(watching, performance.now(), LONGEST_ROUND_MS);
      if (!silenceCounts(watching, heldMs, times)) return;
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
