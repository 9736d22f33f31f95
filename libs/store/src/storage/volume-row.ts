/** A volume as steps and checks use it. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** See the module's head. */
export interface VolumeRow {
  readonly id: string;
  readonly name: string;
  /** ROOT or DATADISK. */
  readonly kind: string;
  readonly state: string;
  readonly accountId: string;
  readonly zoneId: string;
  readonly vmId: string | null;
  readonly deviceId: number;
  /** Null: on no machine, or about to be attached to `vmId`. */
  readonly attachedAt: Date | null;
  readonly poolId: string | null;
  readonly templateId: string | null;
  readonly diskOfferingId: string | null;
  readonly sizeBytes: number;
}

const COLUMNS = `id, name, kind, state, account_id AS accountId, zone_id AS zoneId, vm_id AS vmId, device_id AS deviceId, attached_at AS attachedAt,
  pool_id AS poolId, template_id AS templateId, disk_offering_id AS diskOfferingId, size_bytes AS sizeBytes`;

/** The volume. NOT_FOUND when there is none. */
export async function readVolume(tx: Tx, id: string): Promise<VolumeRow> {
  const [row] = await tx.query<VolumeRow>(`SELECT ${COLUMNS} FROM volume WHERE id = ?`, [id]);
  if (!row) throw new DurastackError('NOT_FOUND', `There is no volume ${id}.`);
  return { ...row, sizeBytes: Number(row.sizeBytes) };
}

/** The volumes of a machine, the root disk first. */
export async function readVolumesOf(tx: Tx, vmId: string): Promise<VolumeRow[]> {
  const rows = await tx.query<VolumeRow>(`SELECT ${COLUMNS} FROM volume WHERE vm_id = ? ORDER BY device_id`, [vmId]);
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}
