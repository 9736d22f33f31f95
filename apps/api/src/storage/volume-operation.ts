import type { Command } from '@durastack/contracts/command';
import type { ResourceRef } from '@durastack/contracts/resources';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import type { Platform } from '../platform.js';

/** An operation on a volume that exists. */
export interface VolumeOperation {
  readonly command: Command;
  readonly volumeId: string;
  /** The machine that it is about, which is held too. */
  readonly vmId?: string | null;
  /** What steps need besides the rows. */
  readonly input?: Readonly<Record<string, unknown>>;
  /**
   * Tells at once what the operation would be refused for. Only asked when no earlier operation holds volume or
   * machine: what they will have become then is not known yet.
   */
  readonly check?: (tx: Tx, volume: VolumeRow) => Promise<void>;
}

/** Accepts it; the caller may touch the volume (and the machine) or it was found out before. */
export async function acceptVolumeOperation(
  platform: Platform,
  call: Call,
  operation: VolumeOperation,
): Promise<StartedOperation> {
  const { command, volumeId, vmId, input = {}, check } = operation;
  const tx = autocommit(platform.database);
  const resource: ResourceRef = { type: 'volume', id: volumeId };
  const owner = await requireAccess(tx, call.caller, resource);
  const { name, zoneId } = await readVolume(tx, volumeId);
  const locks: ResourceRef[] = [resource, ...(vmId ? [{ type: 'virtual-machine', id: vmId } as const] : [])];
  return accept(platform.database, {
    command,
    caller: call.caller,
    owner,
    resource,
    resourceName: name,
    zoneId,
    locks,
    input: { ...input, ...(vmId ? { vmId } : {}) },
    write: async (inner) => {
      if (check && !(await anyHeld(inner, locks))) await check(inner, await readVolume(inner, volumeId));
    },
  });
}
