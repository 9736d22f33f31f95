import type { Tx } from '@durastack/store/database/transaction';
import { mayAccess, refusal } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';

/** A group's row. */
export interface InstanceGroupRow {
  readonly id: string;
  readonly name: string;
  readonly account_id: string;
}

/** A group that the caller may touch, held until the transaction ends. @throws DurastackError NOT_FOUND */
export async function requireInstanceGroup(tx: Tx, caller: Caller, id: string): Promise<InstanceGroupRow> {
  const [row] = await tx.query<InstanceGroupRow & { domain_id: string; path: string }>(
    `SELECT g.id, g.name, g.account_id, g.domain_id, d.path FROM instance_group g JOIN domain d ON d.id = g.domain_id
      WHERE g.id = ? FOR UPDATE`,
    [id],
  );
  const owner = row && { accountId: row.account_id, domainId: row.domain_id, domainPath: row.path };
  if (!owner || !mayAccess(caller, owner)) throw refusal(caller, owner?.accountId, { parameter: 'id', id });
  return row;
}

/** Gives the machines of a group another name of a group, or none. */
export async function regroup(tx: Tx, { account_id, name }: InstanceGroupRow, to: string | null): Promise<void> {
  await tx.execute('UPDATE virtual_machine SET group_name = ? WHERE account_id = ? AND group_name = ?', [
    to,
    account_id,
    name,
  ]);
}
