import { invariant } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import type { Caller } from './caller.js';

/** The product itself, as the caller of what its loops ask for: the oldest root administrator's account. */
export async function systemCaller(tx: Tx): Promise<Caller> {
  const [row] = await tx.query<Pick<Caller, 'accountId' | 'accountName' | 'domainId' | 'domainPath' | 'role'>>(
    `SELECT a.id AS accountId, a.name AS accountName, a.role, d.id AS domainId, d.path AS domainPath
       FROM account a JOIN domain d ON d.id = a.domain_id WHERE a.role = 'admin' ORDER BY a.id LIMIT 1`,
  );
  invariant(row, 'There is no administrator.');
  return { ...row, userId: row.accountId, username: 'system', sourceAddress: '' };
}
