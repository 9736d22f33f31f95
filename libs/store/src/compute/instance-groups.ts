import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '../database/transaction.js';

/** Makes the group that a machine is to be in, unless the account has it. */
export async function ensureInstanceGroup(
  tx: Tx,
  name: string | null | undefined,
  owner: { readonly accountId: string; readonly domainId: string },
): Promise<void> {
  if (name === null || name === undefined || name === '') return;
  await tx.execute(
    `INSERT INTO instance_group (id, name, account_id, domain_id, created_at) VALUES (?, ?, ?, ?, NOW(3))
      ON DUPLICATE KEY UPDATE name = instance_group.name`,
    [newId(), name, owner.accountId, owner.domainId],
  );
}
