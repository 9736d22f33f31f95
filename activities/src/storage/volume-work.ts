/** Where there is something to do for a volume, and what it is there. */
import type { VolumeSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import type { VolumeRow } from '@durastack/store/storage/volume-row';
import { readPool } from '../compute/vm-rows.js';
import { hostsInReachOfPool } from './pool-hosts.js';

/** See the module's head. */
export interface VolumeWork {
  readonly hostId: string;
  readonly volume: VolumeSpec;
  /** The machine that has it. */
  readonly vmId?: string;
}

/**
 * The host of the machine that has the volume, else one that reaches its pool.
 *
 * @returns undefined when it is on no pool
 * @throws DurastackError HOST_UNREACHABLE when no host is in reach: the step is tried again
 */
export async function readVolumeWork(tx: Tx, row: VolumeRow): Promise<VolumeWork | undefined> {
  if (row.poolId === null) return undefined;
  const pool = await readPool(tx, row.poolId);
  const machine = row.vmId === null ? undefined : await machineOf(tx, row.vmId);
  const [inReach] = machine?.hostId
    ? [machine.hostId]
    : await hostsInReachOfPool(tx, pool.id, machine?.lastHostId ?? '');
  if (inReach === undefined)
    throw new DurastackError('HOST_UNREACHABLE', `No host that is up reaches the pool of the volume ${row.name}.`);
  return {
    hostId: inReach,
    volume: { id: row.id, pool, sizeBytes: row.sizeBytes, ...(row.templateId ? { templateId: row.templateId } : {}) },
    ...(row.vmId === null ? {} : { vmId: row.vmId }),
  };
}

async function machineOf(tx: Tx, vmId: string) {
  const [row] = await tx.query<{ hostId: string | null; lastHostId: string | null }>(
    'SELECT host_id AS hostId, last_host_id AS lastHostId FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  return row;
}
