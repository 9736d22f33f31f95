import type { ResourceRef } from '@durastack/contracts/resources';
import type { Tx } from '@durastack/store/database/transaction';

/**
 * Whether an earlier operation holds or waits for one of these: then what they will have become, when a later one runs,
 * is not known yet.
 */
export async function anyHeld(tx: Tx, resources: readonly ResourceRef[]): Promise<boolean> {
  const rows = await tx.query(
    `SELECT 1 FROM operation_lock WHERE ${resources.map(() => '(resource_type = ? AND resource_id = ?)').join(' OR ')} LIMIT 1`,
    resources.flatMap(({ type, id }) => [type, id]),
  );
  return rows.length > 0;
}
