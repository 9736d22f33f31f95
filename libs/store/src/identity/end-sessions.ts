import type { Tx } from '../database/transaction.js';

/** Every user of an account has to log in again. */
export async function endSessionsOf(tx: Tx, accountId: string): Promise<void> {
  await tx.execute('DELETE s FROM session s JOIN user u ON u.id = s.user_id WHERE u.account_id = ?', [accountId]);
}
