import type { Tx } from '@durastack/store/database/transaction';
import { holdToLimits } from '@durastack/store/identity/limits';

/**
 * Holds the owner of a machine to its limits as if the machine had the size of another offering already. A machine that
 * shrinks is never refused.
 *
 * @throws DurastackError QUOTA_EXCEEDED
 */
export async function holdGrowthToLimits(tx: Tx, vmId: string, serviceOfferingId: string): Promise<void> {
  const rows = await tx.query<{ accountId: string; cpu: number; memory: number }>(
    `SELECT v.account_id AS accountId, s.cpu_count - v.cpu_count AS cpu, s.memory_mib - v.memory_mib AS memory
       FROM virtual_machine v JOIN service_offering s ON s.id = ? WHERE v.id = ?`,
    [serviceOfferingId, vmId],
  );
  const more = rows[0];
  if (!more) return;
  const grown = (['cpu', 'memory'] as const).filter((kind) => Number(more[kind]) > 0);
  const growth = { cpu: Number(more.cpu), memory: Number(more.memory) };
  if (grown.length > 0) await holdToLimits(tx, more.accountId, grown, growth);
}
