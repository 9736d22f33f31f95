import type { Tx } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { requireOwnedRecord, type OwnedRecord } from './owned-record.js';

/** A group that the caller may touch, held until the transaction ends. @throws DurastackError NOT_FOUND */
export function requireInstanceGroup(tx: Tx, caller: Caller, id: string): Promise<OwnedRecord> {
  return requireOwnedRecord(tx, caller, { table: 'instance_group', id });
}

/** Gives the machines of a group another name of a group, or none. */
export async function regroup(tx: Tx, { account_id, name }: OwnedRecord, to: string | null): Promise<void> {
  await tx.execute('UPDATE virtual_machine SET group_name = ? WHERE account_id = ? AND group_name = ?', [
    to,
    account_id,
    name,
  ]);
}
