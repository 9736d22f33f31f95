/** A pool for a data disk that has none yet. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { claim, reservePool } from '@durastack/store/operations/reservations';

/** What needs a place. */
export interface DiskToPlace {
  readonly operationId: string;
  readonly volume: { readonly id: string; readonly name: string; readonly sizeBytes: number };
  /** The host that must reach it. */
  readonly hostId: string;
}

/**
 * Takes room on a pool that the host reaches, that has the tags of the disk's offering and room: of the kind of storage
 * that the offering names where there is one, and the emptiest of those.
 *
 * @throws DurastackError NO_CAPACITY
 */
export async function placeDisk(tx: Tx, { operationId, volume, hostId }: DiskToPlace): Promise<void> {
  const pools = await tx.query<{ id: string; tags: string | null }>(
    `SELECT p.id, p.tags FROM storage_pool p JOIN host h ON h.id = ? JOIN volume d ON d.id = ? LEFT JOIN disk_offering o ON o.id = d.disk_offering_id
      WHERE p.zone_id = h.zone_id AND (p.host_id IS NULL OR p.host_id = h.id) AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)
        AND p.state = 'Up' AND p.allocation_state = 'Enabled' AND p.reserved_bytes + d.size_bytes <= p.capacity_bytes * p.overprovisioning
      ORDER BY ((p.host_id IS NOT NULL) = (IFNULL(o.storage_type, 'shared') = 'local')) DESC, p.capacity_bytes * p.overprovisioning - p.reserved_bytes DESC, p.id`,
    [hostId, volume.id],
  );
  const wanted = await tagsOf(tx, volume.id);
  for (const pool of pools) {
    const has = words(pool.tags);
    if (!wanted.every((tag) => has.includes(tag))) continue;
    const room = { volumeId: volume.id, poolId: pool.id, sizeBytes: volume.sizeBytes };
    if (!(await reservePool(tx, room))) continue;
    await claim(tx, operationId, [{ type: 'storage-pool', id: pool.id }]);
    await tx.execute('UPDATE volume SET pool_id = ? WHERE id = ?', [pool.id, volume.id]);
    return;
  }
  const tagged = wanted.length > 0 ? ` with the tags ${wanted.join(', ')}` : '';
  throw new DurastackError(
    'NO_CAPACITY',
    `No storage pool${tagged} that the machine's host reaches has ${volume.sizeBytes} bytes left for ${volume.name}.`,
  );
}

const words = (list: string | null) => (list ?? '').split(',').flatMap((word) => word.trim() || []);

async function tagsOf(tx: Tx, volumeId: string): Promise<string[]> {
  const [offering] = await tx.query<{ tags: string | null }>(
    'SELECT o.tags FROM volume d JOIN disk_offering o ON o.id = d.disk_offering_id WHERE d.id = ?',
    [volumeId],
  );
  return words(offering?.tags ?? null);
}
