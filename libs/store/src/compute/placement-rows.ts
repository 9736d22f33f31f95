/** Hosts, pools and dedications as placements look at them. */
import type {
  DedicationSnapshot,
  HostSnapshot,
  MachineNeeds,
  Overcommit,
  PlacementSnapshot,
  PoolSnapshot,
} from '@durastack/contracts/compute/placement';
import { DurastackError } from '@durastack/contracts/errors';
import { splitTags } from '@durastack/contracts/tags';
import type { Tx } from '../database/transaction.js';

/** A further part of a statement, with its values bound. */
export interface HostCondition {
  /** What follows WHERE, and ORDER BY and LIMIT if any; `memory` is the free memory. */
  readonly where: string;
  readonly values: readonly unknown[];
}

/** Hosts that fulfil a condition. */
export async function readHosts(
  tx: Tx,
  { host }: Overcommit,
  { where, values }: HostCondition,
): Promise<HostSnapshot[]> {
  const rows = await tx.query<
    Omit<HostSnapshot, 'tags' | 'cpuMhzFree' | 'memoryMibFree' | 'isShutOut'> & {
      tags: string | null;
      cpu: number;
      memory: number;
      shutOut: number;
    }
  >(
    `SELECT id, name, cluster_id AS clusterId, pod_id AS podId, zone_id AS zoneId, state, allocation_state AS allocationState, hypervisor, tags,
       COALESCE(tunnel_address, ip_address) AS tunnelAddress,
       cpu_count * cpu_mhz * ${host.cpuOvercommit} - cpu_mhz_reserved AS cpu,
       memory_mib - ${host.hostMemoryMib} - memory_mib_reserved AS memory, memory_mib AS memoryMib,
       EXISTS (SELECT 1 FROM host_shut_out s WHERE s.host_id = host.id) AS shutOut FROM host WHERE ${where}`,
    values,
  );
  return rows.map(({ tags, cpu, memory, shutOut, ...row }) => ({
    ...row,
    tags: splitTags(tags),
    isShutOut: Number(shutOut) === 1,
    cpuMhzFree: Number(cpu),
    memoryMibFree: Number(memory),
    memoryMib: Number(row.memoryMib),
  }));
}

type PoolRow = Omit<PoolSnapshot, 'tags' | 'bytesFree'> & { tags: string | null; bytesFree: number };

const POOLS = `SELECT id, zone_id AS zoneId, cluster_id AS clusterId, host_id AS hostId, state, allocation_state AS allocationState, kind, tags,
     capacity_bytes * overprovisioning - reserved_bytes AS bytesFree FROM storage_pool WHERE state <> 'Removed'`;

const toPools = (rows: readonly PoolRow[]): PoolSnapshot[] =>
  rows.map((row) => ({
    ...row,
    tags: splitTags(row.tags),
    bytesFree: Number(row.bytesFree),
  }));

/** Pools that any of the hosts reaches. */
export async function readPoolsOf(tx: Tx, zoneId: string, hosts: readonly HostSnapshot[]): Promise<PoolSnapshot[]> {
  if (hosts.length === 0) return [];
  const clusterIds = [...new Set(hosts.map(({ clusterId }) => clusterId))];
  const rows = await tx.query<PoolRow>(
    `${POOLS} AND zone_id = ? AND cluster_id IS NULL AND host_id IS NULL
     UNION ALL ${POOLS} AND zone_id = ? AND cluster_id IN (?) AND host_id IS NULL
     UNION ALL ${POOLS} AND host_id IN (?)`,
    [zoneId, zoneId, clusterIds, hosts.map(({ id }) => id)],
  );
  return toPools(rows);
}

/** These pools. */
export async function readPools(tx: Tx, ids: readonly string[]): Promise<PoolSnapshot[]> {
  if (ids.length === 0) return [];
  return toPools(await tx.query<PoolRow>(`${POOLS} AND id IN (?)`, [ids]));
}

/** What is dedicated in a zone: usually nothing. */
export function readDedications(tx: Tx, zoneId: string): Promise<DedicationSnapshot[]> {
  return tx.query<DedicationSnapshot>(
    `SELECT x.resource_type AS resourceType, x.resource_id AS resourceId, x.account_id AS accountId, d.path AS domainPath
       FROM dedication x JOIN domain d ON d.id = x.domain_id WHERE x.zone_id = ?`,
    [zoneId],
  );
}

/**
 * Refuses a choice that was made before something in the zone was dedicated. To be called while the chosen host is
 * held: who dedicates a place holds its hosts.
 *
 * @throws DurastackError BACKEND_BUSY: it is chosen again
 */
export async function refuseNewDedications(tx: Tx, { zoneId, dedications }: MachineNeeds): Promise<void> {
  const [row] = await tx.query<{ n: number }>('SELECT COUNT(*) AS n FROM dedication WHERE zone_id = ?', [zoneId]);
  if (Number(row?.n) === dedications) return;
  throw new DurastackError('BACKEND_BUSY', 'A place was dedicated while a host was chosen; it is chosen again.');
}

/** Hosts that exist as such: one that is being added or removed, or failed to be, is no candidate. */
const SETTLED = "zone_id = ? AND state NOT IN ('Removed', 'Removing', 'Creating', 'Error')";

/**
 * Where a running machine could go with its disks staying where they are: the hosts that reach its pools, and the one
 * that was asked for whether it does or not. The rest of a large zone need not be read.
 */
export async function readDestinations(
  tx: Tx,
  overcommit: Overcommit,
  needs: MachineNeeds,
  requestedHostId?: string,
): Promise<PlacementSnapshot> {
  const { zoneId } = needs;
  const own = await readPools(
    tx,
    needs.disks.flatMap(({ poolId }) => poolId ?? []),
  );
  const reach = reachOf(own) ?? { where: 'TRUE', values: [] };
  const hosts = await readHosts(tx, overcommit, {
    where: `${SETTLED} AND (${reach.where} OR id = ?)`,
    values: [zoneId, ...reach.values, requestedHostId ?? ''],
  });
  const reached = await readPoolsOf(tx, zoneId, hosts);
  const known = new Set(reached.map(({ id }) => id));
  return {
    hosts,
    pools: [...reached, ...own.filter(({ id }) => !known.has(id))],
    dedications: needs.dedications === 0 ? [] : await readDedications(tx, zoneId),
  };
}

/** The few hosts that can reach all of the pools; undefined: all of the zone. */
export function reachOf(pools: readonly PoolSnapshot[]): HostCondition | undefined {
  const hostId = pools.find((pool) => pool.hostId !== null)?.hostId;
  if (hostId) return { where: 'id = ?', values: [hostId] };
  const clusterId = pools.find((pool) => pool.clusterId !== null)?.clusterId;
  return clusterId ? { where: 'cluster_id = ?', values: [clusterId] } : undefined;
}

/**
 * A whole zone: for the choice of a migration's destination, and for plans over many machines. Three queries, whatever
 * the zone holds.
 */
export async function readZoneSnapshot(tx: Tx, overcommit: Overcommit, zoneId: string): Promise<PlacementSnapshot> {
  const hosts = await readHosts(tx, overcommit, {
    where: SETTLED,
    values: [zoneId],
  });
  const pools = toPools(await tx.query<PoolRow>(`${POOLS} AND zone_id = ?`, [zoneId]));
  return { hosts, pools, dedications: await readDedications(tx, zoneId) };
}
