/** Hosts that an operation left between two states. */
import type { DataSource } from 'typeorm';
import { isOpenSql } from '../operations/open-operations.js';
import { transaction, type Tx } from '../database/transaction.js';

/** An operation that has not ended may still open or enter what it closed; so may a person who decides about it. */
const CLOSED_BY_NOTHING = `h.state <> 'Removed' AND h.allocation_state = 'PrepareForMaintenance' AND NOT EXISTS
  (SELECT 1 FROM operation o WHERE o.id = h.maintenance_operation_id AND ${isOpenSql('o')})`;

/** Hosts that are being emptied by no operation. */
export function readClosedByNothing(tx: Tx): Promise<{ id: string; name: string }[]> {
  return tx.query(`SELECT h.id, h.name FROM host h WHERE ${CLOSED_BY_NOTHING}`);
}

/** Lets such a host take machines again, as before. @returns false when it is none any more */
export function reopenClosedByNothing(source: DataSource, hostId: string): Promise<boolean> {
  return transaction(source, async (tx) => {
    const { affectedRows } = await tx.execute(
      `UPDATE host h SET h.allocation_state = COALESCE(h.allocation_before, 'Enabled'), h.allocation_before = NULL, h.maintenance_operation_id = NULL
        WHERE h.id = ? AND ${CLOSED_BY_NOTHING}`,
      [hostId],
    );
    return affectedRows > 0;
  });
}
