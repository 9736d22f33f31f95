import { invariant } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import type { OperationRow } from '../operations/operation-row.js';
import type { Caller } from './caller.js';

/** Who asked for an operation, as the caller of what it asks for in turn; also when the user was removed since. */
export async function callerOfOperation(tx: Tx, { id, userId, accountId }: OperationRow): Promise<Caller> {
  const [row] = await tx.query<Omit<Caller, 'userId' | 'accountId' | 'sourceAddress'>>(
    `SELECT COALESCE((SELECT username FROM user WHERE id = ?), 'system') AS username, a.name AS accountName, a.role,
       d.id AS domainId, d.path AS domainPath FROM account a JOIN domain d ON d.id = a.domain_id WHERE a.id = ?`,
    [userId, accountId],
  );
  invariant(row, `The account ${accountId} of operation ${id} has no row.`);
  return { ...row, userId: userId ?? accountId, accountId, sourceAddress: '' };
}
