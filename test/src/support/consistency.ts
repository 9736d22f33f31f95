/** Compares the database with what is on the hosts: every way in which they disagree, as sentences. */
import type { HostInventory, PoolSpec } from '@durastack/contracts/agent/specs';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

interface Seen {
  readonly inventories: ReadonlyMap<string, HostInventory>;
}

/** What is wrong when nothing is under way; empty when all is well. */
export async function findInconsistencies(source: DataSource, client: AgentClient): Promise<string[]> {
  const seen = { inventories: await readInventories(source, client) };
  const parts = await Promise.all([leftovers(source), counters(source), machines(source, seen), volumes(source, seen)]);
  return parts.flat();
}

/** What is on every enrolled host. */
export async function readInventories(source: DataSource, client: AgentClient): Promise<Map<string, HostInventory>> {
  const db = autocommit(source);
  const hosts = await db.query<{ id: string; url: string }>(
    "SELECT id, agent_url AS url FROM host WHERE state IN ('Up', 'Disconnected')",
  );
  const pools = await db.query<PoolSpec>("SELECT id, kind, path FROM storage_pool WHERE state = 'Up'");
  const result = new Map<string, HostInventory>();
  for (const host of hosts) {
    result.set(
      host.id,
      await client.call(host, 'getInventory', { pools: pools.map(({ id, kind, path }) => ({ id, kind, path })) }),
    );
  }
  return result;
}

async function leftovers(source: DataSource): Promise<string[]> {
  const db = autocommit(source);
  const queries: [string, string][] = [
    [
      'an open operation',
      "SELECT CONCAT(kind, ' ', state, ' ', id) AS what FROM operation WHERE state IN ('queued', 'granted', 'running', 'needs-attention')",
    ],
    ['a lock of an ended operation', 'SELECT operation_id AS what FROM operation_lock'],
    ['a claim of an ended operation', 'SELECT operation_id AS what FROM claim'],
    [
      'a machine in a passing state',
      "SELECT CONCAT(name, ' ', state) AS what FROM virtual_machine WHERE state IN ('Starting', 'Stopping', 'Expunging')",
    ],
    [
      'a host in a passing state',
      "SELECT CONCAT(name, ' ', state) AS what FROM host WHERE state IN ('Creating', 'Removing')",
    ],
    [
      'a pool in a passing state',
      "SELECT CONCAT(name, ' ', state) AS what FROM storage_pool WHERE state IN ('Creating', 'Removing')",
    ],
    [
      'a template in a passing state',
      "SELECT CONCAT(name, ' ', state) AS what FROM template WHERE state IN ('Downloading', 'Removing')",
    ],
    [
      'a network in a passing state',
      "SELECT CONCAT(name, ' ', state) AS what FROM network WHERE state IN ('Allocated', 'Removing')",
    ],
    [
      'an operation noted on a machine',
      'SELECT operation_id AS what FROM virtual_machine WHERE operation_id IS NOT NULL',
    ],
    ['secrets of an enrolment', 'SELECT name AS what FROM host WHERE enrolment_sealed IS NOT NULL'],
  ];
  const found: string[] = [];
  for (const [kind, sql] of queries)
    for (const { what } of await db.query<{ what: string }>(sql)) found.push(`${kind}: ${what}`);
  return found;
}

async function counters(source: DataSource): Promise<string[]> {
  const rows = await autocommit(source).query<{ what: string }>(
    `SELECT CONCAT('host ', h.name, ': counters ', h.cpu_mhz_reserved, '/', h.memory_mib_reserved, ', reservations ', COALESCE(SUM(r.cpu_mhz), 0), '/',
         COALESCE(SUM(r.memory_mib), 0)) AS what
       FROM host h LEFT JOIN reservation r ON r.resource_type = 'host' AND r.resource_id = h.id GROUP BY h.id
      HAVING MAX(h.cpu_mhz_reserved) <> COALESCE(SUM(r.cpu_mhz), 0) OR MAX(h.memory_mib_reserved) <> COALESCE(SUM(r.memory_mib), 0)
     UNION ALL
     SELECT CONCAT('pool ', p.name, ': counter ', p.reserved_bytes, ', reservations ', COALESCE(SUM(r.size_bytes), 0))
       FROM storage_pool p LEFT JOIN reservation r ON r.resource_type = 'storage-pool' AND r.resource_id = p.id GROUP BY p.id
      HAVING MAX(p.reserved_bytes) <> COALESCE(SUM(r.size_bytes), 0)`,
  );
  return rows.map(({ what }) => what);
}

interface VmFacts {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly hostId: string | null;
  readonly reserved: number;
}

async function machines(source: DataSource, { inventories }: Seen): Promise<string[]> {
  const rows = await autocommit(source).query<VmFacts>(
    `SELECT v.id, v.name, v.state, v.host_id AS hostId,
       (SELECT COUNT(*) FROM reservation r WHERE r.owner_id = v.id AND r.resource_type = 'host') AS reserved FROM virtual_machine v`,
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const found: string[] = [];
  for (const [hostId, inventory] of inventories) {
    for (const { id, power } of inventory.vms) {
      const row = known.get(id);
      if (!row) found.push(`host ${hostId} has the unknown machine ${id} (${power})`);
      else if (row.hostId !== hostId)
        found.push(`machine ${row.name} (${row.state}, host ${row.hostId}) is also on host ${hostId} (${power})`);
    }
  }
  for (const row of rows) {
    const power =
      row.hostId === null
        ? 'absent'
        : (inventories.get(row.hostId)?.vms.find(({ id }) => id === row.id)?.power ?? 'absent');
    if (row.state === 'Running' && power !== 'running')
      found.push(`machine ${row.name} is Running, but ${power} on its host`);
    if (row.state !== 'Running' && power === 'running')
      found.push(`machine ${row.name} is ${row.state}, but runs on its host`);
    const wantsReservation = row.hostId === null ? 0 : 1;
    if (Number(row.reserved) !== wantsReservation)
      found.push(
        `machine ${row.name} (${row.state}) has ${row.reserved} reservations of hosts, ${wantsReservation} expected`,
      );
  }
  return found;
}

async function volumes(source: DataSource, { inventories }: Seen): Promise<string[]> {
  const rows = await autocommit(source).query<{
    id: string;
    name: string;
    state: string;
    poolId: string | null;
    reserved: number;
  }>(
    `SELECT v.id, v.name, v.state, v.pool_id AS poolId,
       (SELECT COUNT(*) FROM reservation r WHERE r.owner_id = v.id AND r.resource_type = 'storage-pool') AS reserved FROM volume v`,
  );
  const onPools = new Map<string, Set<string>>();
  for (const inventory of inventories.values()) {
    for (const [poolId, ids] of Object.entries(inventory.volumes)) {
      const there = onPools.get(poolId) ?? new Set();
      for (const id of ids) there.add(id);
      onPools.set(poolId, there);
    }
  }
  const found: string[] = [];
  for (const row of rows) {
    const exists = row.state === 'Ready' || row.state === 'Destroy';
    const there = row.poolId !== null && onPools.get(row.poolId)?.has(row.id) === true;
    if (exists !== there)
      found.push(`volume ${row.name} is ${row.state}, but ${there ? 'exists' : 'does not exist'} on its pool`);
    if (Number(row.reserved) !== (exists ? 1 : 0))
      found.push(`volume ${row.name} is ${row.state} with ${row.reserved} reservations of pools`);
  }
  const known = new Set(rows.map(({ id }) => id));
  for (const [poolId, ids] of onPools)
    for (const id of ids) if (!known.has(id)) found.push(`pool ${poolId} has the unknown volume ${id}`);
  return found;
}
