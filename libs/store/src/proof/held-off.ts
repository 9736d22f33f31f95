/** Hosts that nobody may switch on, because machines that ran there may run elsewhere. */
import { DurastackError } from '@durastack/contracts/errors';
import type { PowerAction } from '@durastack/contracts/infra/power-controller';
import type { Tx } from '../database/transaction.js';
import { isOpenSql } from '../operations/open-operations.js';

const SWITCHES_ON: ReadonlySet<PowerAction> = new Set(['ON', 'CYCLE', 'RESET']);

/** Refuses what would switch a host on that is held off. NOT_ALLOWED_IN_STATE naming the operation that holds it. */
export async function refuseIfHeldOff(tx: Tx, hostId: string, action: PowerAction): Promise<void> {
  if (!SWITCHES_ON.has(action)) return;
  const [fence] = await tx.query<{ operationId: string }>(
    // Once that operation has ended, its machines run elsewhere for good, and nothing starts them there by itself.
    `SELECT f.operation_id AS operationId FROM host_fence f JOIN operation o ON o.id = f.operation_id
      WHERE f.host_id = ? AND f.is_held_off = 1 AND ${isOpenSql('o')}`,
    [hostId],
  );
  if (fence)
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The host is held off while its machines are started elsewhere (operation ${fence.operationId}); it is released when that has ended.`,
    );
}
