/** The rows of a machine whose root disk is made anew: which disk is its own, and which is to go. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { claim, reservePool } from '@durastack/store/operations/reservations';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';

/** How a restore stands. */
export interface Restore {
  readonly vmId: string;
  /** Whether the machine is to run in the end, as it did before. */
  readonly wasRunning: boolean;
  /** The new disk is recorded as the machine's. */
  readonly isSwitched: boolean;
  readonly oldRoot: VolumeRow;
  /** Absent before its row is written, and after it was forgotten. */
  readonly newRoot: VolumeRow | undefined;
  readonly newVolumeId: string;
  readonly templateId: string;
  readonly oldTemplateId: string;
  readonly sizeBytes: number;
}

interface Input {
  readonly newVolumeId: string;
  readonly oldVolumeId: string;
  readonly templateId: string;
  readonly oldTemplateId: string;
  readonly sizeBytes: number;
  readonly startVm: boolean;
}

/** See {@link Restore}. */
export async function readRestore(tx: Tx, { resource, input }: OperationRow): Promise<Restore> {
  const { newVolumeId, oldVolumeId, startVm, ...rest } = input as unknown as Input;
  const [there] = await tx.query('SELECT 1 FROM volume WHERE id = ?', [newVolumeId]);
  const newRoot = there === undefined ? undefined : await readVolume(tx, newVolumeId);
  const oldRoot = await readVolume(tx, oldVolumeId);
  return {
    ...rest,
    vmId: resource.id,
    wasRunning: startVm,
    isSwitched: newRoot?.kind === 'ROOT',
    oldRoot,
    newRoot,
    newVolumeId,
  };
}

/**
 * Writes the new disk's row beside the old one's, and takes its room on the same pool; none while the old one is on none.
 *
 * @throws DurastackError CONFLICT when another operation gave the machine another root disk before; NO_CAPACITY
 */
export async function reserveNewRoot(tx: Tx, operationId: string, restore: Restore): Promise<void> {
  const { vmId, oldRoot, newVolumeId, templateId, sizeBytes } = restore;
  if (oldRoot.kind !== 'ROOT' || oldRoot.vmId !== vmId)
    throw new DurastackError('CONFLICT', `The virtual machine ${vmId} was given another root disk meanwhile.`);
  await tx.execute(
    `INSERT INTO volume (id, name, account_id, domain_id, zone_id, vm_id, template_id, disk_offering_id, kind, device_id, size_bytes, state, created_at)
     SELECT ?, name, account_id, domain_id, zone_id, vm_id, ?, disk_offering_id, 'SPARE', 0, ?, 'Allocated', NOW(3) FROM volume WHERE id = ?
     ON DUPLICATE KEY UPDATE id = VALUES(id)`,
    [newVolumeId, templateId, sizeBytes, oldRoot.id],
  );
  const { poolId, name } = oldRoot;
  if (poolId === null) return;
  if (!(await reservePool(tx, { volumeId: newVolumeId, poolId, sizeBytes })))
    throw new DurastackError(
      'NO_CAPACITY',
      `The storage pool of ${name} is not up, not enabled, or has no ${sizeBytes} bytes left for the new disk beside it.`,
    );
  await claim(tx, operationId, [{ type: 'storage-pool', id: poolId }]);
  await tx.execute('UPDATE volume SET pool_id = ? WHERE id = ?', [poolId, newVolumeId]);
}

/** One of the two is recorded as the machine's root disk, with its template; the other as spare. */
export async function switchRoots(
  tx: Tx,
  { vmId, oldRoot, newVolumeId }: Restore,
  to: { readonly volumeId: string; readonly templateId: string },
): Promise<void> {
  await tx.execute("UPDATE volume SET kind = IF(id = ?, 'ROOT', 'SPARE') WHERE vm_id = ? AND id IN (?, ?)", [
    to.volumeId,
    vmId,
    oldRoot.id,
    newVolumeId,
  ]);
  await tx.execute('UPDATE virtual_machine SET template_id = ? WHERE id = ?', [to.templateId, vmId]);
}
