/** Records of accounts that are no resources of operations: groups, user data. */
import type { Tx } from '@durastack/store/database/transaction';
import { mayAccess, refusal } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';

/** What every such record has. */
export interface OwnedRecord {
  readonly id: string;
  readonly name: string;
  readonly account_id: string;
}

/** A record that the caller may touch, held until the transaction ends. @throws DurastackError NOT_FOUND */
export async function requireOwnedRecord(
  tx: Tx,
  caller: Caller,
  { table, id }: { table: 'instance_group' | 'user_data'; id: string },
): Promise<OwnedRecord> {
  const [row] = await tx.query<OwnedRecord & { domain_id: string; path: string }>(
    `SELECT r.id, r.name, r.account_id, r.domain_id, d.path FROM ${table} r JOIN domain d ON d.id = r.domain_id
      WHERE r.id = ? FOR UPDATE`,
    [id],
  );
  const owner = row && { accountId: row.account_id, domainId: row.domain_id, domainPath: row.path };
  if (!owner || !mayAccess(caller, owner)) throw refusal(caller, owner?.accountId, { parameter: 'id', id });
  return row;
}
