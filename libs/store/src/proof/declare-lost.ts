/** An operator's word that nothing of a host runs any more. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** Whose word, on which host. */
export interface Declaration {
  readonly hostId: string;
  /** Account and user, for the record. */
  readonly by: string;
  /** Milliseconds between heartbeats. */
  readonly heartbeatIntervalMs: number;
}

/** A host that missed so many heartbeats does not report. */
const MISSED = 3;

/**
 * Writes it down. The caller holds the host's row.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE while the host reports
 */
export async function declareLost(tx: Tx, { hostId, by, heartbeatIntervalMs }: Declaration): Promise<void> {
  const [host] = await tx.query<{ name: string; state: string; silentMs: number | null }>(
    `SELECT name, state, TIMESTAMPDIFF(MICROSECOND, last_heartbeat_at, NOW(3)) DIV 1000 AS silentMs FROM host WHERE id = ?`,
    [hostId],
  );
  const silentMs = host?.silentMs === null ? Infinity : Number(host?.silentMs);
  if (host?.state === 'Up' || silentMs < MISSED * heartbeatIntervalMs)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `Host ${host?.name} is ${host?.state} and was heard ${Math.round(silentMs / 1000)} s ago: it is not lost. Switch it off first, and wait until it is Disconnected.`,
    );
  await tx.execute(
    `INSERT INTO host_fence (host_id, fence_epoch, boot_id_before, is_held_off, declared_lost_at, declared_lost_by, created_at)
       SELECT id, fence_epoch, boot_id, 0, NOW(3), ?, NOW(3) FROM host WHERE id = ?
     ON DUPLICATE KEY UPDATE declared_lost_at = NOW(3), declared_lost_by = ?`,
    [by, hostId, by],
  );
}
