/** Images that hosts hold open for writing because the host of their machine is lost. */
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import type { Tx } from '../database/transaction.js';
import { POOL_SPEC_COLUMNS, toPoolSpec, type PoolSpecRow } from '../storage/pool-spec.js';

/** A volume on one of its pools. */
export interface HeldVolume {
  readonly volumeId: string;
  readonly poolId: string;
}

/** One that is held. */
export interface VolumeHold extends HeldVolume {
  /** Who holds it. */
  readonly hostId: string;
}

/** Written before the holder is asked. One that another host held is this one's from now on: that has to let go first. */
export async function noteHold(tx: Tx, { volumeId, poolId, hostId }: VolumeHold, lostHostId: string): Promise<void> {
  await tx.execute(
    `INSERT INTO volume_hold (volume_id, pool_id, host_id, lost_host_id, created_at) VALUES (?, ?, ?, ?, NOW(3))
     ON DUPLICATE KEY UPDATE host_id = VALUES(host_id), lost_host_id = VALUES(lost_host_id)`,
    [volumeId, poolId, hostId, lostHostId],
  );
}

/** Those of a lost host's machines, or of one machine. */
export function readHolds(
  tx: Tx,
  of: { readonly lostHostId: string } | { readonly vmId: string },
): Promise<VolumeHold[]> {
  const columns = 'k.volume_id AS volumeId, k.pool_id AS poolId, k.host_id AS hostId';
  return 'vmId' in of
    ? tx.query<VolumeHold>(
        `SELECT ${columns} FROM volume_hold k JOIN volume v ON v.id = k.volume_id WHERE v.vm_id = ?`,
        [of.vmId],
      )
    : tx.query<VolumeHold>(`SELECT ${columns} FROM volume_hold k WHERE k.lost_host_id = ?`, [of.lostHostId]);
}

/** It was let go. */
export async function forgetHold(tx: Tx, { volumeId, poolId, hostId }: VolumeHold): Promise<void> {
  await tx.execute('DELETE FROM volume_hold WHERE volume_id = ? AND pool_id = ? AND host_id = ?', [
    volumeId,
    poolId,
    hostId,
  ]);
}

/** The volume as hosts are told of it; undefined: it is gone. */
export async function readHeldSpec(tx: Tx, { volumeId, poolId }: HeldVolume): Promise<VolumeSpec | undefined> {
  const [row] = await tx.query<PoolSpecRow & { sizeBytes: number }>(
    `SELECT ${POOL_SPEC_COLUMNS}, v.size_bytes AS sizeBytes FROM volume v JOIN storage_pool p ON p.id = ? WHERE v.id = ?`,
    [poolId, volumeId],
  );
  return row && { id: volumeId, pool: toPoolSpec(row), sizeBytes: Number(row.sizeBytes) };
}
