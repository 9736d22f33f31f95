/** Disks that move together with their machine: what the rows `volume_copy` of one operation say. */
import type { VmSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { claim, releasePools, reservePool } from '@durastack/store/operations/reservations';
import { readPool } from '../compute/vm-rows.js';

/** One of them. */
export interface MovingVolume {
  /** Where it was. */
  readonly volume: VolumeSpec;
  /** Where it goes, standing alone. */
  readonly target: VolumeSpec;
  /** The host that reads it there. */
  readonly hostId: string;
  /** The host that writes it here; null when the other one does. */
  readonly targetHostId: string | null;
  /** Where that one's agent listens. */
  readonly targetUrl: string | null;
  /** Sealed: what it goes there under by itself; null when one host does all, or a running machine takes it along. */
  readonly ticketSealed: string | null;
  /** The rows name the target. */
  readonly switched: boolean;
}

interface Row {
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly templateId: string | null;
  readonly poolId: string;
  readonly sourcePoolId: string;
  readonly targetPoolId: string;
  readonly hostId: string;
  readonly targetHostId: string | null;
  readonly targetUrl: string | null;
  readonly ticketSealed: string | null;
}

const readRows = (tx: Tx, operationId: string): Promise<Row[]> =>
  tx.query<Row>(
    `SELECT c.volume_id AS volumeId, d.size_bytes AS sizeBytes, d.template_id AS templateId, d.pool_id AS poolId,
       c.source_pool_id AS sourcePoolId, c.target_pool_id AS targetPoolId, c.host_id AS hostId, c.target_host_id AS targetHostId,
       h.agent_url AS targetUrl, c.ticket_sealed AS ticketSealed
     FROM volume_copy c JOIN volume d ON d.id = c.volume_id LEFT JOIN host h ON h.id = c.target_host_id WHERE c.operation_id = ? ORDER BY c.volume_id`,
    [operationId],
  );

/** The disks that an operation moves, in a fixed order; none when none moves, or all are done with. */
export async function readMovingVolumes(tx: Tx, operationId: string): Promise<MovingVolume[]> {
  const moving: MovingVolume[] = [];
  for (const row of await readRows(tx, operationId)) {
    const on = { id: row.volumeId, sizeBytes: Number(row.sizeBytes) };
    const base = row.templateId === null ? {} : { templateId: row.templateId };
    moving.push({
      volume: { ...on, ...base, pool: await readPool(tx, row.sourcePoolId) },
      target: { ...on, pool: await readPool(tx, row.targetPoolId) },
      hostId: row.hostId,
      targetHostId: row.targetHostId,
      targetUrl: row.targetUrl,
      ticketSealed: row.ticketSealed,
      switched: row.poolId === row.targetPoolId,
    });
  }
  return moving;
}

/** A disk that is to move. */
export interface VolumeMove {
  readonly volumeId: string;
  readonly vmId: string;
  readonly sizeBytes: number;
  readonly sourcePoolId: string;
  readonly targetPoolId: string;
  readonly hostId: string;
  readonly targetHostId: string | null;
  /** See {@link MovingVolume.ticketSealed}. */
  readonly ticketSealed: string | null;
}

/** Takes room on the target and notes the move. False: there is no room any more, and nothing was taken. */
export async function beginVolumeMove(tx: Tx, operationId: string, move: VolumeMove): Promise<boolean> {
  const { volumeId, sizeBytes, sourcePoolId, targetPoolId, hostId, targetHostId, vmId, ticketSealed } = move;
  if (!(await reservePool(tx, { volumeId, poolId: targetPoolId, sizeBytes }))) return false;
  await claim(tx, operationId, [
    { type: 'host', id: hostId },
    ...(targetHostId === null ? [] : [{ type: 'host', id: targetHostId } as const]),
    { type: 'storage-pool', id: targetPoolId },
    { type: 'storage-pool', id: sourcePoolId },
  ]);
  // Of an operation that was given up.
  await tx.execute('DELETE FROM volume_copy WHERE volume_id = ?', [volumeId]);
  await tx.execute(
    `INSERT INTO volume_copy (volume_id, operation_id, source_pool_id, target_pool_id, host_id, target_host_id, vm_id, ticket_sealed, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, NOW(3))`,
    [volumeId, operationId, sourcePoolId, targetPoolId, hostId, targetHostId, vmId, ticketSealed],
  );
  return true;
}

/** Gives back the room on the pools that the disks are not on, and forgets the moves. */
export async function forgetVolumeMoves(tx: Tx, operationId: string): Promise<void> {
  for (const { volumeId, poolId } of await readRows(tx, operationId)) {
    await releasePools(tx, volumeId, poolId);
    await tx.execute('DELETE FROM volume_copy WHERE volume_id = ? AND operation_id = ?', [volumeId, operationId]);
  }
}

/** The disks are where they were to go; a stopped machine is started first where one of them can be reached alone. */
export async function recordVolumeMoves(tx: Tx, operationId: string): Promise<void> {
  // Whatever each was made over, on the new pool it stands alone.
  await tx.execute(
    `UPDATE volume d JOIN volume_copy c ON c.volume_id = d.id SET d.template_id = NULL, d.pool_id = c.target_pool_id
      WHERE c.operation_id = ? AND d.pool_id = c.source_pool_id`,
    [operationId],
  );
  await tx.execute(
    `UPDATE virtual_machine v JOIN volume_copy c ON c.vm_id = v.id JOIN storage_pool p ON p.id = c.target_pool_id SET v.last_host_id = p.host_id
      WHERE c.operation_id = ? AND v.host_id IS NULL AND p.host_id IS NOT NULL`,
    [operationId],
  );
}

/** The machine as it is where its disks have gone. */
export function atTargets(vm: VmSpec, moving: readonly MovingVolume[]): VmSpec {
  const targets = new Map(moving.map(({ target }) => [target.id, target]));
  const at = (volume: VolumeSpec): VolumeSpec => targets.get(volume.id) ?? volume;
  return {
    ...vm,
    rootVolume: at(vm.rootVolume),
    dataVolumes: vm.dataVolumes.map((disk) => ({ ...disk, volume: at(disk.volume) })),
  };
}

/** What an operation was asked to move: volume to pool. */
export function wishesOf(input: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const wishes = input['migrateTo'];
  if (typeof wishes !== 'object' || wishes === null) throw new DurastackError('BUG', 'The operation names no volumes.');
  return new Map(Object.entries(wishes as Record<string, string>));
}
