/** The beginning of a fencing, from which on it is remembered what the host was before. */
import type { Tx } from '../database/transaction.js';

/**
 * Writes it down; the caller holds the host's row. Repeating it, and fencing further what is fenced, changes only whose
 * it is. What was left of an earlier declaration counts no more when the host was heard since.
 */
export async function beginFence(
  tx: Tx,
  { hostId, operationId }: { readonly hostId: string; readonly operationId: string },
): Promise<void> {
  await tx.execute(
    `UPDATE host_fence f JOIN host h ON h.id = f.host_id SET f.declared_lost_at = NULL, f.declared_lost_by = NULL
      WHERE f.host_id = ? AND f.declared_lost_at < h.last_heartbeat_at`,
    [hostId],
  );
  await tx.execute(
    'UPDATE host_fence f JOIN host h ON h.id = f.host_id SET f.boot_id_before = h.boot_id WHERE f.host_id = ? AND f.operation_id IS NULL',
    [hostId],
  );
  await tx.execute(
    `INSERT INTO host_fence (host_id, operation_id, fence_epoch, boot_id_before, is_held_off, created_at)
       SELECT id, ?, fence_epoch + 1, boot_id, 0, NOW(3) FROM host WHERE id = ?
     ON DUPLICATE KEY UPDATE operation_id = VALUES(operation_id)`,
    [operationId, hostId],
  );
}

/**
 * By which asking for the same fencing again joins it. What comes after the host was declared lost is another one: the
 * earlier may still be waiting for room for a machine when the host, used again, is lost anew.
 */
export const fencingKey = ({ id, fenceEpoch }: { readonly id: string; readonly fenceEpoch: number }): string =>
  `${id}/${fenceEpoch}`;

/** Whether the host is still fenced by this operation: it has not been taken back since. */
export async function isFencedBy(
  tx: Tx,
  { hostId, operationId }: { readonly hostId: string; readonly operationId: string },
): Promise<boolean> {
  const rows = await tx.query('SELECT 1 FROM host_fence WHERE host_id = ? AND operation_id = ?', [hostId, operationId]);
  return rows.length > 0;
}
