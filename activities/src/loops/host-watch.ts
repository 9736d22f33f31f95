/** Marks hosts that have fallen silent as disconnected. Nothing else follows from silence: machines are not touched. */
import { heartbeatTimeoutMs, INTAKE_LEASE } from '@durastack/contracts/agent/heartbeat-times';
import type { Logger } from '@durastack/kit/log/logger';
import { silenceCounts, watch, type Watching } from '@durastack/model/infra/silence';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { leaseHeldMs } from '@durastack/store/operations/lease';
import { transitionAll } from '@durastack/store/operations/state-rows';
import type { DataSource } from 'typeorm';

/** Hosts that one transaction marks. */
const MARKED_AT_ONCE = 50;
/** Heartbeats that may be lost before their sender counts as silent. */
const MISSED = 3;

/** For how long a host has to be silent, by the time between two heartbeats. */
export function silenceWindowMs(intervalMs: number): number {
  return Math.max(MISSED * intervalMs, 5_000);
}

interface NamedHost {
  readonly id: string;
  readonly name: string;
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
      watching = watch(watching, performance.now(), windowMs);
      if (!silenceCounts(watching, heldMs, times)) return;
      const silent = await autocommit(source).query<{ id: string }>(
        "SELECT id FROM host WHERE state = 'Up' AND last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND LIMIT 500",
        [windowMs * 1_000],
      );
      for (let at = 0; at < silent.length; at += MARKED_AT_ONCE) {
        const ids = silent.slice(at, at + MARKED_AT_ONCE).map(({ id }) => id);
        for (const { id, name } of await markSilent(source, ids, windowMs))
          log.warn({ hostId: id, name, windowMs }, 'a host has fallen silent');
      }
    },
  };
}

/** Marks those that were not heard meanwhile. @returns them */
function markSilent(source: DataSource, ids: readonly string[], windowMs: number): Promise<NamedHost[]> {
  return transaction(source, async (tx) => {
    const missed = await tx.query<NamedHost>(
      `SELECT id, name FROM host WHERE id IN (?) AND state = 'Up'
          AND last_heartbeat_at < NOW(3) - INTERVAL ? MICROSECOND ORDER BY id FOR UPDATE`,
      [ids, windowMs * 1_000],
    );
    const marked = missed.map(({ id }) => id);
    await transitionAll(tx, { type: 'host', ids: marked, from: 'Up' }, 'HeartbeatMissed');
    return missed;
  });
}
