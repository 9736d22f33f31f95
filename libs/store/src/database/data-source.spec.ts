import { expect, it } from 'vitest';
import { createTestDatabase } from '../testing/test-database.js';
import { autocommit } from './transaction.js';

it('prepares every session, the first one too', async () => {
  const database = await createTestDatabase({ poolSize: 4 });
  try {
    const db = autocommit(database.source);
    const seen = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const rows = await db.query<{ Value: string }>(
          "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation', 'time_zone', 'innodb_lock_wait_timeout')",
        );
        return [...new Set(rows.map((row) => row.Value))].sort();
      }),
    );
    for (const values of seen) expect(values).toEqual(['+00:00', '5', 'READ-COMMITTED']);
  } finally {
    await database.drop();
  }
});
