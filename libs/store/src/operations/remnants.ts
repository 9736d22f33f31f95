/** What may have been left behind by operations that were given up. */
import type { RemnantKind } from '@durastack/contracts/operations/attention';
import type { ResourceType } from '@durastack/contracts/resources';
import { newId } from '@durastack/kit/ids/new-id';
import { readOtherHosts } from '../compute/given-up-migration.js';
import type { Tx } from '../database/transaction.js';
import type { OperationRow } from './operation-row.js';

/** One thing that may be left, and where. */
export interface Remnant {
  readonly operationId: string;
  /** What the operation was to do, in plain words. */
  readonly summary: string;
  readonly resourceType: ResourceType;
  readonly resourceId: string;
  readonly kind: RemnantKind;
  readonly hostId: string | null;
  readonly poolId: string | null;
  readonly createdAt: Date;
}

interface Place {
  readonly kind: RemnantKind;
  readonly hostId?: string | null;
  readonly poolId?: string | null;
}

/** Notes what the operation may leave behind, from what its rows say. Before its claims are released. */
export async function writeRemnants(tx: Tx, operation: OperationRow): Promise<void> {
  const { resource } = operation;
  for (const { kind, hostId = null, poolId = null } of await placesOf(tx, operation)) {
    await tx.execute(
      `INSERT INTO remnant (id, operation_id, operation_seq, resource_type, resource_id, kind, host_id, pool_id, created_at)
       SELECT ?, id, seq, ?, ?, ?, ?, ?, NOW(3) FROM operation WHERE id = ?`,
      [newId(), resource.type, resource.id, kind, hostId, poolId, operation.id],
    );
  }
}

async function placesOf(tx: Tx, operation: OperationRow): Promise<readonly Place[]> {
  const { resource } = operation;
  switch (resource.type) {
    case 'virtual-machine':
      return ofMachine(tx, operation);
    case 'network': {
      const rows = await tx.query<{ hostId: string }>(
        'SELECT host_id AS hostId FROM network_on_host WHERE network_id = ? ORDER BY host_id',
        [resource.id],
      );
      return rows.map(({ hostId }) => ({ kind: 'bridge', hostId }));
    }
    case 'template': {
      const rows = await tx.query<{ hostId: string }>(
        "SELECT resource_id AS hostId FROM claim WHERE operation_id = ? AND resource_type = 'host'",
        [operation.id],
      );
      return [{ kind: 'image', hostId: rows[0]?.hostId ?? null }];
    }
    case 'storage-pool':
      return [{ kind: 'pool-folders', poolId: resource.id }];
    case 'host':
      return [{ kind: 'agent', hostId: resource.id }];
    case 'volume':
      return ofMoves(tx, operation.id);
    default:
      return [];
  }
}

async function ofMachine(tx: Tx, { id: operationId, resource, lifecycle }: OperationRow): Promise<readonly Place[]> {
  const machines = await tx.query<{ hostId: string | null }>(
    'SELECT host_id AS hostId FROM virtual_machine WHERE id = ?',
    [resource.id],
  );
  const hostId = machines[0]?.hostId ?? null;
  const hostIds = [...(hostId === null ? [] : [hostId]), ...(await readOtherHosts(tx, resource.id))];
  const domains = hostIds.map((id): Place => ({ kind: 'domain', hostId: id }));
  const places = [...domains, ...(await ofMoves(tx, operationId))];
  // Only where the disk was to go: for all other operations it holds the tenant's data, and belongs there.
  if (lifecycle.undo !== 'DeployUndone' && lifecycle.succeed !== 'Expunged') return places;
  const disks = await tx.query<{ poolId: string }>(
    'SELECT pool_id AS poolId FROM volume WHERE vm_id = ? AND pool_id IS NOT NULL',
    [resource.id],
  );
  return [...places, ...disks.map(({ poolId }): Place => ({ kind: 'disk', hostId, poolId }))];
}

/** A move that was given up: the pool that is not the volume's may hold it too. */
async function ofMoves(tx: Tx, operationId: string): Promise<readonly Place[]> {
  const copies = await tx.query<{ hostId: string; poolId: string }>(
    `SELECT IF(d.pool_id = c.target_pool_id, c.host_id, COALESCE(c.target_host_id, c.host_id)) AS hostId, IF(d.pool_id = c.target_pool_id, c.source_pool_id, c.target_pool_id) AS poolId
       FROM volume_copy c JOIN volume d ON d.id = c.volume_id WHERE c.operation_id = ?`,
    [operationId],
  );
  return copies.map((copy) => ({ kind: 'disk', ...copy }));
}

/** Remnants that still count: nothing has succeeded on their resource since. The oldest first. */
export function readRemnants(tx: Tx): Promise<Remnant[]> {
  return tx.query<Remnant>(
    `SELECT r.operation_id AS operationId, o.summary, r.resource_type AS resourceType, r.resource_id AS resourceId, r.kind,
       r.host_id AS hostId, r.pool_id AS poolId, r.created_at AS createdAt
     FROM remnant r JOIN operation o ON o.id = r.operation_id
     WHERE NOT EXISTS (SELECT 1 FROM operation later WHERE later.resource_type = r.resource_type AND later.resource_id = r.resource_id
         AND later.seq > r.operation_seq AND later.state = 'succeeded')
     ORDER BY r.created_at, r.id LIMIT 1000`,
  );
}
