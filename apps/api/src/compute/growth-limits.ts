import type { MachineSize } from '@durastack/contracts/compute/growth-room';
import type { Tx } from '@durastack/store/database/transaction';
import { holdToLimits } from '@durastack/store/identity/limits';

/**
 * Holds the owner of a machine to its limits as if the machine had another size already. A machine that shrinks is never
 * refused.
 *
 * @throws DurastackError QUOTA_EXCEEDED
 */
export async function holdGrowthToLimits(tx: Tx, vmId: string, size: MachineSize): Promise<void> {
  const rows = await tx.query<{ accountId: string; vcpus: number; memoryMib: number }>(
    'SELECT account_id AS accountId, cpu_count AS vcpus, memory_mib AS memoryMib FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  const vm = rows[0];
  if (!vm) return;
  const growth = { cpu: size.vcpus - vm.vcpus, memory: size.memoryMib - vm.memoryMib };
  const grown = (['cpu', 'memory'] as const).filter((kind) => growth[kind] > 0);
  if (grown.length > 0) await holdToLimits(tx, vm.accountId, grown, growth);
}
