import type { Tx } from '@durastack/store/database/transaction';

/** Lets a host take machines again, as it did before its maintenance; `closedBy`: only if this operation closed it. */
export async function reopenHost(tx: Tx, hostId: string, closedBy?: string): Promise<void> {
  await tx.execute(
    `UPDATE host SET allocation_state = COALESCE(allocation_before, 'Enabled'), allocation_before = NULL, maintenance_operation_id = NULL
      WHERE id = ? AND allocation_state IN ('PrepareForMaintenance', 'Maintenance') AND maintenance_operation_id = COALESCE(?, maintenance_operation_id)`,
    [hostId, closedBy ?? null],
  );
}
