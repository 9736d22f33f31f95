import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import type { Caller } from '../identity/caller.js';

/** The priority that counts for a machine, in SQL: its own, or that of its service offering. */
export const haPriorityOf = (vm: string, offering: string): string =>
  `COALESCE(${vm}.ha_priority, ${offering}.ha_priority)`;

/**
 * Lets an owner put its machines in order among themselves, but none of them before those of others: above what the
 * service offering gives only the root administrator goes.
 *
 * @throws DurastackError FORBIDDEN
 */
export async function checkHaPriority(
  tx: Tx,
  caller: Caller,
  wanted: { readonly priority: number | undefined; readonly serviceOfferingId: string },
): Promise<void> {
  if (wanted.priority === undefined || caller.role === 'admin') return;
  const [offering] = await tx.query<{ priority: number }>(
    'SELECT ha_priority AS priority FROM service_offering WHERE id = ?',
    [wanted.serviceOfferingId],
  );
  if (offering === undefined || wanted.priority <= offering.priority) return;
  throw new DurastackError(
    'FORBIDDEN',
    `The service offering gives its machines the priority ${offering.priority}; only the root administrator may give one more (hapriority ${wanted.priority}).`,
  );
}
