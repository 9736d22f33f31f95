/** A volume and the pools that it may be moved to, as they are now. */
import { DurastackError } from '@durastack/contracts/errors';
import type { MoveTarget, VolumeToMove } from '@durastack/contracts/storage/volume-move';
import { splitTags } from '@durastack/contracts/tags';
import type { Tx } from '../database/transaction.js';

interface VolumeRow extends Omit<VolumeToMove, 'tags' | 'machine'> {
  readonly tags: string | null;
  readonly vmId: string | null;
  readonly vmName: string | null;
  readonly vmState: string | null;
  readonly hostId: string | null;
}

/** The volume. NOT_FOUND when there is none. */
export async function readVolumeToMove(tx: Tx, volumeId: string): Promise<VolumeToMove> {
  const [row] = await tx.query<VolumeRow>(
    `SELECT d.id, d.name, d.state, d.zone_id AS zoneId, d.pool_id AS poolId, d.size_bytes AS sizeBytes, o.tags,
       v.id AS vmId, v.name AS vmName, v.state AS vmState, v.host_id AS hostId
     FROM volume d LEFT JOIN virtual_machine v ON v.id = d.vm_id LEFT JOIN disk_offering o ON o.id = d.disk_offering_id WHERE d.id = ?`,
    [volumeId],
  );
  if (!row) throw new DurastackError('NOT_FOUND', `There is no volume ${volumeId}.`);
  const { tags, vmId, vmName, vmState, hostId, ...volume } = row;
  return {
    ...volume,
    sizeBytes: Number(volume.sizeBytes),
    tags: splitTags(tags),
    ...(vmId === null ? {} : { machine: { id: vmId, name: vmName ?? vmId, state: vmState ?? '', hostId } }),
  };
}

const reaches = (pool: string): string =>
  `h.zone_id = ${pool}.zone_id AND (${pool}.host_id IS NULL OR ${pool}.host_id = h.id) AND (${pool}.cluster_id IS NULL OR ${pool}.cluster_id = h.cluster_id)`;

/** Pools of the volume's zone, or only the one that is named, wherever it is. */
export async function readMoveTargets(tx: Tx, volume: VolumeToMove, poolId?: string): Promise<MoveTarget[]> {
  const hostId = volume.machine?.hostId ?? null;
  const vmId = volume.machine?.id ?? null;
  type Row = Omit<MoveTarget, 'tags'> & { readonly tags: string | null };
  const rows = await tx.query<Row>(
    `SELECT p.id, p.name, p.zone_id AS zoneId, p.state, p.allocation_state AS allocationState, p.kind, p.capacity_bytes AS capacityBytes,
       p.overprovisioning, p.reserved_bytes AS reservedBytes, p.tags,
       (SELECT h.id FROM host h WHERE h.state = 'Up' AND (? IS NULL OR h.id = ?) AND ${reaches('p')}
           AND NOT EXISTS (SELECT 1 FROM volume d JOIN storage_pool q ON q.id = d.pool_id
                            WHERE (d.id = ? OR d.vm_id = ?) AND d.state <> 'Expunged' AND NOT (${reaches('q')}))
         ORDER BY h.id LIMIT 1) AS hostId
     FROM storage_pool p WHERE p.state <> 'Removed' AND ${poolId === undefined ? 'p.zone_id = ?' : 'p.id = ?'} ORDER BY p.id`,
    [hostId, hostId, volume.id, vmId, poolId ?? volume.zoneId],
  );
  return rows.map((row) => ({
    ...row,
    capacityBytes: Number(row.capacityBytes),
    overprovisioning: Number(row.overprovisioning),
    reservedBytes: Number(row.reservedBytes),
    tags: splitTags(row.tags),
  }));
}
