/** Image locks of a cloud's hosts, which are proven some time after the hosts have joined. */
import type { Tx } from '@durastack/store/database/transaction';
import { eventually, type Basis } from './basis.js';

const PATIENCE_MS = 90_000;

/** Waits until the locks of every host on the basis's pool are proven: a host that dies before leaves no such proof. */
export async function untilLocksAreProven(db: Tx, { poolId, hostIds }: Basis): Promise<void> {
  await eventually(
    'locks being proven',
    async () => {
      const proven = await db.query<{ host_id: string }>(
        "SELECT host_id FROM host_pool WHERE pool_id = ? AND locks = 'proven'",
        [poolId],
      );
      return hostIds.every((id) => proven.some((one) => one.host_id === id));
    },
    PATIENCE_MS,
  );
}
