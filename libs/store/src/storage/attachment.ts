/** Whether a data disk may be attached, and at which position. Looked at when it is asked for, and again when it is done. */
import { MAX_DATA_VOLUMES } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import { requireOpenPool } from './pool-maintenance.js';
import { readVolume, readVolumesOf, type VolumeRow } from './volume-row.js';

/** What is to be attached to what. */
export interface Attachment {
  readonly volumeId: string;
  readonly vmId: string;
  /** Absent: the first free position. */
  readonly deviceId?: number | undefined;
}

/** The machine, as far as an attachment is concerned. */
export interface AttachedMachine {
  readonly name: string;
  readonly state: string;
  readonly hostId: string | null;
  readonly accountId: string;
  readonly zoneId: string;
}

/** What was found. */
export interface AttachmentPlan {
  readonly volume: VolumeRow;
  readonly machine: AttachedMachine;
  readonly deviceId: number;
}

const refuse = (message: string): never => {
  throw new DurastackError('NOT_ALLOWED_IN_STATE', message);
};

/**
 * Looks at both.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE when the disk is attached, no data disk or on storage in maintenance, or
 *   the machine is neither running nor stopped; INVALID_INPUT when they belong to different accounts or zones; CONFLICT when the position is
 *   taken; QUOTA_EXCEEDED when the machine has as many disks as it may; NO_CAPACITY when no host reaches all its disks
 */
export async function planAttachment(tx: Tx, { volumeId, vmId, deviceId }: Attachment): Promise<AttachmentPlan> {
  const volume = await readVolume(tx, volumeId);
  const [machine] = await tx.query<AttachedMachine>(
    'SELECT name, state, host_id AS hostId, account_id AS accountId, zone_id AS zoneId FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (!machine) throw new DurastackError('NOT_FOUND', `There is no virtual machine ${vmId}.`);
  requireAttachable(volume);
  await requireOpenPool(tx, volume);
  requireTogether(volume, machine);
  const position = positionFor(await readVolumesOf(tx, vmId), { machine: machine.name, deviceId });
  if (volume.poolId !== null && volume.state === 'Ready') await requireReach(tx, { volume, vmId, machine });
  return { volume, machine, deviceId: position };
}

function requireAttachable(volume: VolumeRow): void {
  if (volume.kind !== 'DATADISK') refuse(`The volume ${volume.name} is the root disk of a machine.`);
  if (volume.vmId !== null)
    refuse(`The volume ${volume.name} is attached to the virtual machine ${volume.vmId}; detach it first.`);
  if (volume.state !== 'Allocated' && volume.state !== 'Ready') refuse(`The volume ${volume.name} is ${volume.state}.`);
}

function requireTogether(volume: VolumeRow, machine: AttachedMachine): void {
  if (volume.accountId !== machine.accountId)
    throw new DurastackError('INVALID_INPUT', `${volume.name} and ${machine.name} belong to different accounts.`);
  if (volume.zoneId !== machine.zoneId)
    throw new DurastackError('INVALID_INPUT', `${volume.name} and ${machine.name} are in different zones.`);
  if (machine.state !== 'Running' && machine.state !== 'Stopped')
    refuse(`${machine.name} is ${machine.state}; disks are attached to machines that are Running or Stopped.`);
}

function positionFor(
  present: readonly VolumeRow[],
  { machine, deviceId }: { machine: string; deviceId: number | undefined },
): number {
  const taken = new Set(present.map((volume) => volume.deviceId));
  if (deviceId !== undefined && taken.has(deviceId))
    throw new DurastackError('CONFLICT', `Position ${deviceId} of ${machine} is taken by another disk.`);
  const all = Array.from({ length: MAX_DATA_VOLUMES }, (_, index) => index + 1);
  const free = all.find((position) => !taken.has(position));
  if (free === undefined)
    throw new DurastackError(
      'QUOTA_EXCEEDED',
      `${machine} has ${MAX_DATA_VOLUMES} data disks, which is as many as it may.`,
    );
  return deviceId ?? free;
}

/** The machine's host, or for one that is on none at least one host, reaches the disk and all that the machine has. */
async function requireReach(
  tx: Tx,
  { volume, vmId, machine }: { volume: VolumeRow; vmId: string; machine: AttachedMachine },
): Promise<void> {
  const hosts = await tx.query<{ id: string }>(
    `SELECT h.id FROM host h WHERE h.zone_id = ? AND h.state <> 'Removed' AND (? IS NULL OR h.id = ?)
       AND NOT EXISTS (SELECT 1 FROM volume d JOIN storage_pool p ON p.id = d.pool_id WHERE (d.id = ? OR d.vm_id = ?)
         AND ((p.host_id IS NOT NULL AND p.host_id <> h.id) OR (p.cluster_id IS NOT NULL AND p.cluster_id <> h.cluster_id))) LIMIT 1`,
    [machine.zoneId, machine.hostId, machine.hostId, volume.id, vmId],
  );
  if (hosts.length > 0) return;
  const who =
    machine.hostId === null
      ? `No host reaches both ${volume.name} and the disks of ${machine.name}`
      : `The host of ${machine.name} does not reach the storage of ${volume.name}`;
  throw new DurastackError('NO_CAPACITY', `${who}; move the volume first.`);
}
