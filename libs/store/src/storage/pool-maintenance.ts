/** Pools that are closed for maintenance: nothing runs on them, and nothing is started on them. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** How many names a refusal lists. */
const NAMED = 5;

/**
 * Refuses what needs the disks of a machine while one lies on a pool in maintenance. The pools' rows are held until the
 * transaction ends, so that none is closed meanwhile.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE naming the pool
 */
export async function requireOpenPools(tx: Tx, vmId: string): Promise<void> {
  const pools = await tx.query<{ name: string; allocation: string }>(
    `SELECT name, allocation_state AS allocation FROM storage_pool
      WHERE id IN (SELECT pool_id FROM volume WHERE vm_id = ? AND pool_id IS NOT NULL) ORDER BY id LOCK IN SHARE MODE`,
    [vmId],
  );
  const closed = pools.find(({ allocation }) => allocation === 'Maintenance');
  if (closed) refuseClosed(`A disk of the machine lies on the storage pool ${closed.name}`);
}

/**
 * The same for a volume on its own.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE naming the pool
 */
export async function requireOpenPool(tx: Tx, volume: { readonly name: string; readonly poolId: string | null }) {
  if (volume.poolId === null) return;
  const [pool] = await tx.query<{ name: string; allocation: string }>(
    'SELECT name, allocation_state AS allocation FROM storage_pool WHERE id = ?',
    [volume.poolId],
  );
  if (pool?.allocation === 'Maintenance') refuseClosed(`${volume.name} lies on the storage pool ${pool.name}`);
}

function refuseClosed(what: string): never {
  throw new DurastackError(
    'NOT_ALLOWED_IN_STATE',
    `${what}, which is in maintenance; wait for its end (cancelStorageMaintenance) or move the disk.`,
  );
}

/**
 * Refuses the maintenance of a pool while a machine with disks on it runs or is to run.
 *
 * @throws DurastackError CONFLICT naming some of them
 */
export async function requireNothingRunsOn(tx: Tx, poolId: string, poolName: string): Promise<void> {
  const machines = await tx.query<{ name: string }>(
    `SELECT DISTINCT m.name FROM volume d JOIN virtual_machine m ON m.id = d.vm_id
      WHERE d.pool_id = ? AND m.state NOT IN ('Destroyed', 'Error', 'Expunged')
        AND (m.state <> 'Stopped' OR m.desired_power = 'on') ORDER BY m.name LIMIT ?`,
    [poolId, NAMED],
  );
  if (machines.length === 0) return;
  const names = machines.map(({ name }) => name).join(', ');
  throw new DurastackError(
    'CONFLICT',
    `Machines with disks on ${poolName} run or are about to: ${names}${machines.length === NAMED ? ', …' : ''}. Stop them or move their disks first.`,
  );
}
