import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';

/** A machine's row, as far as changes without an operation look at it. */
export interface IdleVmRow {
  readonly state: string;
  readonly operation_id: string | null;
  readonly service_offering_id: string;
  readonly seed_resets: number;
}

/**
 * A machine whose row may be changed in what steps of operations read: none of them must see half of it. Its row is held until the
 * transaction ends.
 *
 * @param change what is to be changed, for people; `state`: the only one in which it can be
 * @throws DurastackError NOT_FOUND, BUSY while an operation holds it, NOT_ALLOWED_IN_STATE
 */
export async function requireIdleVm(
  tx: Tx,
  id: string,
  change: { readonly what: string; readonly state?: string },
): Promise<IdleVmRow> {
  const vm = { type: 'virtual-machine', id } as const;
  const row = await requireRow<IdleVmRow>(tx, vm, { where: "state <> 'Expunged'", lock: 'update' });
  if (row.operation_id !== null)
    throw new DurastackError(
      'BUSY',
      `The operation ${row.operation_id} holds the virtual machine ${id}; change ${change.what} when it has ended.`,
      { details: { operationId: row.operation_id } },
    );
  if (change.state !== undefined && row.state !== change.state)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The virtual machine ${id} is ${row.state}; ${change.what} can be changed when it is ${change.state}.`,
      { details: { state: row.state } },
    );
  return row;
}
